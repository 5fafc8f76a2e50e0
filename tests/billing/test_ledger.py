"""Posting: balanced, once, never overdrawn, and provably equal to its entries."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing.ledger import queries, rules
from billing.ledger.errors import BalanceTooLow, KeyReused, NotEnoughHeld, Unbalanced
from billing.ledger.service import post
from billing.ledger.types import (
    Account,
    AccountKind,
    Draft,
    Entry,
    EntrySnapshot,
    TransactionKind,
    TransactionSnapshot,
    credit,
    debit,
)
from core.house import House
from core.ids import new_id
from tests.billing.books import Books

BANK = Account(AccountKind.BANK_CLEARING, None, "CNY")
GOLDEN = Path(__file__).parent / "golden_transaction.json"


def prepaid(owner: str, currency: str = "CNY") -> Account:
    return Account(AccountKind.BUYER_PREPAID, owner, currency)


def draft(*entries: Entry, key: str = "", subject: str = "x") -> Draft:
    return Draft(key or new_id("key"), TransactionKind.TOP_UP, subject, entries)


def put(house: House, *drafts: Draft) -> list[TransactionSnapshot]:
    return house.db.write(lambda uow: post(uow, drafts))


def balance(house: House, account: Account) -> int:
    return house.db.read(lambda uow: queries.balance_of_account(uow, account).balance)


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run in threads that start together; answers results and errors."""
    barrier = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(position: int) -> None:
        barrier.wait()
        try:
            results[position] = works[position]()
        except Exception as error:
            results[position] = error

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [debit(BANK, 5)],
        [debit(BANK, 5), credit(prepaid("org_a"), 4)],
        [debit(BANK, 5), credit(BANK, 5)],
        [debit(BANK, 0), credit(prepaid("org_a"), 0)],
        [debit(BANK, 5), credit(prepaid("org_a", "USD"), 5)],
        [debit(BANK, 10**16), credit(prepaid("org_a"), 10**16)],
    ],
)
def test_entries_that_are_no_transaction(entries: list[Entry]) -> None:
    with pytest.raises(Unbalanced):
        rules.checked(entries)


def test_accounts_have_the_owner_their_kind_wants() -> None:
    for kind, owner in ((AccountKind.BUYER_PREPAID, None), (AccountKind.BANK_CLEARING, "org_a")):
        with pytest.raises(ValueError, match="belongs to"):
            Account(kind, owner, "CNY")


def test_posts_and_counts(books: Books) -> None:
    mine = prepaid("org_a")
    first, second = put(
        books.house, draft(debit(BANK, 500), credit(mine, 500)), draft(credit(BANK, 200), debit(mine, 200))
    )
    assert [(entry.sequence, entry.balance_after) for entry in first.entries if entry.account == mine] == [(1, 500)]
    assert [(entry.sequence, entry.balance_after) for entry in second.entries if entry.account == mine] == [(2, 300)]
    assert balance(books.house, mine) == 300
    assert books.ledger_faults() == []


def test_a_key_is_posted_once(books: Books) -> None:
    mine = prepaid("org_a")
    once = draft(debit(BANK, 500), credit(mine, 500), key="k")
    assert put(books.house, once) == put(books.house, once)
    assert balance(books.house, mine) == 500
    for other in (draft(debit(BANK, 501), credit(mine, 501), key="k"), draft(*once.entries, key="k", subject="y")):
        with pytest.raises(KeyReused):
            put(books.house, other)
    assert balance(books.house, mine) == 500


def test_nothing_is_overdrawn(books: Books) -> None:
    mine, held = prepaid("org_a"), Account(AccountKind.SUPPLIER_ON_HOLD, "org_a", "CNY")
    put(books.house, draft(debit(BANK, 500), credit(mine, 500)))
    with pytest.raises(BalanceTooLow) as refusal:
        put(books.house, draft(credit(BANK, 501), debit(mine, 501)))
    said = refusal.value.problem()
    assert (said["status"], said["needed"], said["available"], said["missing"]) == (402, "5.01", "5.00", "0.01")
    with pytest.raises(NotEnoughHeld):
        put(books.house, draft(credit(BANK, 1), debit(held, 1)))
    assert balance(books.house, mine) == 500
    put(books.house, draft(credit(BANK, 500), debit(mine, 500)))
    assert balance(books.house, mine) == 0
    assert books.ledger_faults() == []


def test_one_failing_draft_undoes_all_of_its_unit(books: Books) -> None:
    mine = prepaid("org_a")
    with pytest.raises(BalanceTooLow):
        put(books.house, draft(debit(BANK, 5), credit(mine, 5)), draft(credit(BANK, 6), debit(mine, 6)))
    assert balance(books.house, mine) == 0
    assert books.house.db.read(queries.trial_balance) == {}


def test_suppliers_may_fall_below_zero_and_carry_it_forward(books: Books) -> None:
    theirs = Account(AccountKind.SUPPLIER_AVAILABLE, "org_s", "CNY")
    put(books.house, draft(credit(BANK, 70), debit(theirs, 70)))
    assert balance(books.house, theirs) == -70
    assert books.ledger_faults() == []


def test_currencies_are_kept_apart(books: Books) -> None:
    dollars = Account(AccountKind.BANK_CLEARING, None, "USD")
    put(
        books.house,
        draft(
            debit(BANK, 700), credit(prepaid("org_a"), 700), debit(dollars, 100), credit(prepaid("org_a", "USD"), 100)
        ),
    )
    assert books.house.db.read(queries.trial_balance) == {"CNY": 0, "USD": 0}
    assert balance(books.house, prepaid("org_a", "USD")) == 100


def test_of_two_who_spend_the_same_money_one_is_told(books: Books) -> None:
    mine = prepaid("org_a")
    put(books.house, draft(debit(BANK, 100), credit(mine, 100)))
    spend = [draft(credit(BANK, 60), debit(mine, 60)) for _ in range(2)]
    results = at_once(*(lambda one=one: put(books.house, one) for one in spend))
    assert sorted(type(result).__name__ for result in results) == ["BalanceTooLow", "list"]
    assert balance(books.house, mine) == 40


def test_a_crowd_never_overdraws(books: Books) -> None:
    mine = prepaid("org_a")
    put(books.house, draft(debit(BANK, 100), credit(mine, 100)))

    def spend() -> int:
        spent = 0
        for amount in (7, 11, 3, 13, 5, 2):
            try:
                put(books.house, draft(credit(BANK, amount), debit(mine, amount)))
                spent += amount
            except BalanceTooLow:
                pass
        return spent

    results = at_once(*[spend] * 6)
    assert balance(books.house, mine) == 100 - sum(result for result in results if isinstance(result, int))
    assert all(isinstance(result, int) for result in results), results
    assert 0 <= balance(books.house, mine) < 7
    assert books.ledger_faults() == []


def test_the_same_key_at_once_is_posted_once(books: Books) -> None:
    once = draft(debit(BANK, 500), credit(prepaid("org_a"), 500), key="k")
    results = at_once(*[lambda: put(books.house, once)] * 4)
    assert all(result == results[0] for result in results), results
    assert balance(books.house, prepaid("org_a")) == 500


def test_units_that_cross_do_not_block_each_other(books: Books) -> None:
    a, b = prepaid("org_a"), prepaid("org_b")
    put(books.house, draft(debit(BANK, 2000), credit(a, 1000), credit(b, 1000)))
    there, back = [debit(a, 1), credit(b, 1)], [credit(a, 1), debit(b, 1)]

    def cross(entries: list[Entry]) -> None:
        for _ in range(20):
            put(books.house, draft(*entries))

    assert at_once(lambda: cross(there), lambda: cross(back)) == [None, None]
    assert (balance(books.house, a), balance(books.house, b)) == (1000, 1000)
    assert books.ledger_faults() == []


def test_the_document_of_a_transaction_keeps_its_form() -> None:
    mine = prepaid("org_01jxyz")
    snapshot = TransactionSnapshot(
        "txn_01jabc", "top_up:top_01jdef", TransactionKind.TOP_UP, "top_01jdef", None,
        datetime(2026, 11, 25, 1, 2, 3, 456, tzinfo=UTC),
        (EntrySnapshot(1, BANK, 4_800_000, None, None), EntrySnapshot(2, mine, -4_800_000, 1, 4_800_000)),
    )  # fmt: skip
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert snapshot.document() == golden["document"]
    assert snapshot.sha256() == golden["sha256"]
