"""Posting: the one way by which money moves. Called by services of billing, in their unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NoReturn, cast

from sqlalchemy import BigInteger, BindParameter, Table, Update, bindparam, case, func, insert, or_, select, update

from billing.ledger import queries
from billing.ledger.errors import BalanceTooLow, KeyReused, NotEnoughHeld
from billing.ledger.models import LedgerAccount, LedgerBalance, LedgerEntry, LedgerTransaction
from billing.ledger.rules import checked
from billing.ledger.types import (
    MAY_OVERDRAW,
    Account,
    AccountKind,
    Draft,
    Entry,
    EntrySnapshot,
    TransactionSnapshot,
)
from core.db import Uow
from core.ids import new_id
from core.money import format_amount
from core.problems import Sentence
from core.rows import insert_missing

_ENTRIES = insert(cast(Table, LedgerEntry.__table__))
_ACCOUNTS = cast(Table, LedgerAccount.__table__).c
_BALANCES = cast(Table, LedgerBalance.__table__)
_BY = bindparam("by", type_=BigInteger)
_THERE = select(_ACCOUNTS.key).where(_ACCOUNTS.key.in_(bindparam("keys", expanding=True)))
_LOCK = (
    select(_BALANCES.c.account)
    .where(_BALANCES.c.account.in_(bindparam("keys", expanding=True)))
    .order_by(_BALANCES.c.account)
    .with_for_update()
)
_HOLD = (
    update(_BALANCES)
    .where(
        _BALANCES.c.account == bindparam("of"),
        _BALANCES.c.held + _BY >= 0,
        or_(_BALANCES.c.may_overdraw, _BALANCES.c.balance >= _BALANCES.c.held + _BY),
    )
    .values(held=_BALANCES.c.held + _BY)
    .returning(_BALANCES.c.balance, _BALANCES.c.held)
)
"""The statements of every posting, built once."""


@cache
def _move(accounts: int) -> Update:
    """Change so many balances, ``by0`` that of ``of0`` and so on, and answer those that may be changed."""
    of: list[BindParameter[str]] = [bindparam(f"of{number}") for number in range(accounts)]
    by = [bindparam(f"by{number}", type_=BigInteger) for number in range(accounts)]
    change = case(*((_BALANCES.c.account == key, amount) for key, amount in zip(of, by, strict=True)))
    return (
        update(_BALANCES)
        .where(
            _BALANCES.c.account.in_(of),
            or_(_BALANCES.c.may_overdraw, _BALANCES.c.balance + change >= _BALANCES.c.held),
        )
        .values(balance=_BALANCES.c.balance + change, entries=func.coalesce(_BALANCES.c.entries, 0) + 1)
        .returning(_BALANCES.c.account, _BALANCES.c.entries, _BALANCES.c.balance)
    )


def post(uow: Uow, drafts: Sequence[Draft], *, new: bool = False) -> list[TransactionSnapshot]:
    """Post balanced transactions, each once.

    A key that was posted with the same entries answers what was posted the first time; with others it
    raises KeyReused. Raises BalanceTooLow or NotEnoughHeld when an account would be overdrawn, whoever
    else is posting meanwhile: no race can overdraw it. Raises Unbalanced for entries that are no
    transaction. The rows of all accounts are taken first and in one order, so two units never wait for
    each other in a circle. ``new`` says that the keys come from ids made in this unit: nothing can have been
    posted under them.
    """
    checked_drafts = [replace(draft, entries=tuple(checked(draft.entries))) for draft in drafts]
    accounts = sorted({entry.account for draft in checked_drafts for entry in draft.entries}, key=lambda a: a.key)
    _open_accounts(uow, accounts)
    _lock(uow, accounts)
    before = {} if new else queries.transactions_by_key(uow, [draft.key for draft in checked_drafts])
    return [_post_once(uow, draft, before.get(draft.key)) for draft in checked_drafts]


def available(uow: Uow, account: Account) -> int:
    """What may be spent of an owned account; nobody else changes it until this unit ends."""
    _lock(uow, [account])
    found = queries.balance_of_account(uow, account)
    return found.available


def hold_up_to(uow: Uow, account: Account, by: int) -> int:
    """Hold so much more of a balance, or as much of that as it has; a negative change holds less. Answers the change.

    What is held cannot be spent, whoever posts meanwhile. Who holds remembers how much of it is theirs. Raises
    NotEnoughHeld for less than nothing.
    """
    if uow.connection.execute(_HOLD, {"of": account.key, "by": by}).first() is not None:
        return by
    if by < 0:
        raise NotEnoughHeld(currency=account.currency)
    rest = min(by, available(uow, account))
    return hold_up_to(uow, account, rest) if rest else 0


def _post_once(uow: Uow, draft: Draft, before: TransactionSnapshot | None) -> TransactionSnapshot:
    if before is not None:
        return _same(before, draft)
    transaction_id = new_id("txn")
    entries = _apply(uow, draft.entries)
    uow.connection.execute(_ENTRIES, [_entry_row(transaction_id, entry) for entry in entries])
    header = {
        "id": transaction_id, "key": draft.key, "kind": str(draft.kind), "subject_id": draft.subject_id,
        "order_id": draft.order_id, "posted_at": uow.now(),
    }  # fmt: skip
    if not insert_missing(uow, LedgerTransaction, [header]):
        raise KeyReused(Sentence("Another transaction took the key %(key)s a moment ago.", key=draft.key))
    return TransactionSnapshot(
        transaction_id, draft.key, draft.kind, draft.subject_id, draft.order_id, uow.now(), entries
    )


def _same(before: TransactionSnapshot, draft: Draft) -> TransactionSnapshot:
    was = (before.kind, before.subject_id, [(entry.account, entry.amount) for entry in before.entries])
    if was != (draft.kind, draft.subject_id, [(entry.account, entry.amount) for entry in draft.entries]):
        raise KeyReused(Sentence("%(key)s was posted as %(id)s.", key=before.key, id=before.id))
    return before


def _open_accounts(uow: Uow, accounts: Sequence[Account]) -> None:
    there = set(uow.connection.execute(_THERE, {"keys": [account.key for account in accounts]}).scalars())
    new = [account for account in accounts if account.key not in there]
    insert_missing(uow, LedgerAccount, [_account_row(account) for account in new])
    insert_missing(uow, LedgerBalance, [_balance_row(account) for account in new if account.owned])


def _account_row(account: Account) -> dict[str, Any]:
    return {
        "key": account.key, "kind": str(account.kind), "organisation_id": account.organisation_id,
        "currency": account.currency, "side": account.side,
    }  # fmt: skip


def _balance_row(account: Account) -> dict[str, Any]:
    may_overdraw = account.kind in MAY_OVERDRAW
    return {"account": account.key, "balance": 0, "held": 0, "entries": None, "may_overdraw": may_overdraw}


def _lock(uow: Uow, accounts: Sequence[Account]) -> None:
    if not uow.house.db.sqlite:  # there a unit that writes is alone anyway
        uow.connection.execute(_LOCK, {"keys": [account.key for account in accounts if account.owned]}).all()


def _apply(uow: Uow, entries: Sequence[Entry]) -> tuple[EntrySnapshot, ...]:
    owned = [entry for entry in entries if entry.account.owned]
    moved: dict[str, tuple[int, int]] = {}
    if owned:
        of = {f"of{number}": entry.account.key for number, entry in enumerate(owned)}
        by = {f"by{number}": entry.account.side * entry.amount for number, entry in enumerate(owned)}
        for account, sequence, after in uow.connection.execute(_move(len(owned)), of | by):
            moved[account] = sequence, after
    for entry in owned:
        if entry.account.key not in moved:
            _refuse(uow, entry.account, -entry.account.side * entry.amount)
    return tuple(
        EntrySnapshot(position, entry.account, entry.amount, *moved.get(entry.account.key, (None, None)))
        for position, entry in enumerate(entries, start=1)
    )


def _refuse(uow: Uow, account: Account, needed: int) -> NoReturn:
    found = queries.balance_of_account(uow, account)
    missing = needed - found.available
    amounts = {"needed": needed, "available": found.available, "missing": missing}
    told = {name: format_amount(amount, account.currency) for name, amount in amounts.items()}
    if account.kind is AccountKind.BUYER_PREPAID:
        raise BalanceTooLow(hint="Top up the prepaid balance, then try again.", currency=account.currency, **told)
    raise NotEnoughHeld(currency=account.currency, **told)


def _entry_row(transaction_id: str, entry: EntrySnapshot) -> dict[str, Any]:
    return {
        "transaction_id": transaction_id, "position": entry.position, "account": entry.account.key,
        "currency": entry.account.currency, "amount": entry.amount, "sequence": entry.sequence,
        "balance_after": entry.balance_after,
    }  # fmt: skip
