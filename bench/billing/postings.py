"""Posting to the ledger in batches of one unit, beside bare SQL that moves the same money in the same batches."""

from __future__ import annotations

from random import Random

import psycopg

from bench.billing.figures import Reader, Took, measured, show
from billing.ledger import queries
from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, credit, debit
from core.house import House
from core.ids import new_id

BATCHES = (1, 10, 100, 1_000)
_PAIRS = 20
_TABLES = """
DROP TABLE IF EXISTS bare_entry, bare_transaction, bare_balance;
CREATE TABLE bare_transaction (id text PRIMARY KEY, posted_at timestamptz NOT NULL);
CREATE TABLE bare_balance (account text PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0));
CREATE TABLE bare_entry (transaction_id text NOT NULL REFERENCES bare_transaction, position int NOT NULL,
    account text NOT NULL, amount bigint NOT NULL, PRIMARY KEY (transaction_id, position));
"""
_MONEY = "INSERT INTO bare_balance SELECT unnest(%s::text[]), 1000000000"
_TRANSACTIONS = "INSERT INTO bare_transaction SELECT unnest(%s::text[]), now()"
_ENTRIES = "INSERT INTO bare_entry SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::bigint[])"
_MOVE = """
UPDATE bare_balance SET balance = balance + moved.by
FROM (SELECT account, sum(amount) AS by FROM unnest(%s::text[], %s::bigint[]) AS m(account, amount) GROUP BY 1
      ORDER BY 1) AS moved
WHERE bare_balance.account = moved.account
"""
Move = tuple[str, int, int, int]
"""An id, the pair of buyer and supplier, net and tax."""


def compare(sqlite: House, house: House, url: str, postings: int, seed: int, cpu: Reader) -> list[str]:
    """Every line of this chapter; answers what is wrong with the ledgers."""
    pairs = {each.db.url: [_pair(each) for _ in range(_PAIRS)] for each in (sqlite, house)}
    for batch in BATCHES:
        moves = _moves(postings, seed)
        theirs = _bare(url, moves, batch, cpu)
        show("ledger", f"bare SQL on PostgreSQL, {batch:,} at a time", "postings", theirs)
        for name, of, reader in (("PostgreSQL", house, [cpu]), ("SQLite", sqlite, [])):
            took = _posted(of, pairs[of.db.url], moves, batch, *reader)
            show("ledger", f"posted on {name}, {batch:,} at a time", "postings", took, theirs)
    return [f"{each.where}: {each.what}" for of in (sqlite, house) for each in of.db.read(queries.check)]


def _pair(house: House) -> tuple[Account, Account]:
    """A buyer with money, and a supplier."""
    buyer = Account(AccountKind.BUYER_PREPAID, new_id("org"), "CNY")
    bank = Account(AccountKind.BANK_CLEARING, None, "CNY")
    draft = Draft(
        new_id("top"), TransactionKind.TOP_UP, new_id("top"), [debit(bank, 10**12), credit(buyer, 10**12)]
    )  # fmt: skip
    house.db.write(lambda uow: post(uow, [draft]))
    return buyer, Account(AccountKind.SUPPLIER_ON_HOLD, new_id("org"), "CNY")


def _moves(postings: int, seed: int) -> list[Move]:
    chance = Random(seed)
    return [
        (new_id("inv"), chance.randrange(_PAIRS), net := chance.randrange(100, 5_000), net * 6 // 100)
        for _ in range(postings)
    ]


def _posted(
    house: House, pairs: list[tuple[Account, Account]], moves: list[Move], batch: int, *cpu: Reader
) -> Took:  # fmt: skip
    tax_account = Account(AccountKind.TAX_PAYABLE, None, "CNY")
    drafts = [
        Draft(f"bench:{move_id}", TransactionKind.INVOICE, move_id, [
            debit(pairs[pair][0], net + tax), credit(pairs[pair][1], net), credit(tax_account, tax)])
        for move_id, pair, net, tax in moves
    ]  # fmt: skip
    with measured(len(moves), *cpu) as took:
        for start in range(0, len(drafts), batch):
            house.db.write(lambda uow, start=start: post(uow, drafts[start : start + batch]))  # type: ignore[misc]
    return took


def _bare(url: str, moves: list[Move], batch: int, cpu: Reader) -> Took:
    """The peer: a row for each transaction, three entries, balances that a constraint keeps above nothing."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
        connection.execute(_TABLES)
        accounts = [f"{side}{pair}" for side in ("buyer", "supplier") for pair in range(_PAIRS)]
        connection.execute(_MONEY, [accounts])
        connection.commit()
        with measured(len(moves), cpu) as took:
            for start in range(0, len(moves), batch):
                _move(connection, moves[start : start + batch])
    return took


def _move(connection: psycopg.Connection, moves: list[Move]) -> None:
    entries = [
        (move_id, position, account, amount)
        for move_id, pair, net, tax in moves
        for position, account, amount in (
            (1, f"buyer{pair}", -net - tax), (2, f"supplier{pair}", net), (3, "tax", tax),
        )
    ]  # fmt: skip
    owned = [(account, amount) for _, _, account, amount in entries if account != "tax"]
    with connection.pipeline():
        connection.execute(_TRANSACTIONS, [[move[0] for move in moves]])
        connection.execute(_ENTRIES, [list(column) for column in zip(*entries, strict=True)])
        connection.execute(_MOVE, [list(column) for column in zip(*owned, strict=True)])
        connection.commit()
