"""Posting: the one way by which money moves. Called by services of billing, in their unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from billing.ledger import queries
from billing.ledger.errors import BalanceTooLow, KeyReused, NotEnoughHeld
from billing.ledger.models import LedgerAccount, LedgerBalance, LedgerEntry, LedgerTransaction
from billing.ledger.rules import checked
from billing.ledger.types import (
    MAY_OVERDRAW,
    Account,
    AccountKind,
    Entry,
    EntrySnapshot,
    TransactionKind,
    TransactionSnapshot,
)
from core.db import Base, Uow
from core.ids import new_id
from core.money import format_amount


def post(
    uow: Uow, *, key: str, kind: TransactionKind, subject_id: str, entries: Sequence[Entry], order_id: str | None = None
) -> TransactionSnapshot:
    """Post a balanced transaction once.

    The same ``key`` with the same entries answers what was posted the first time; with others it raises
    KeyReused. Raises BalanceTooLow or NotEnoughHeld, and changes nothing, when an account would be
    overdrawn; no race can overdraw it. Raises Unbalanced for entries that are no transaction.
    """
    ordered = checked(entries)
    _open_accounts(uow, [entry.account for entry in ordered])
    _lock(uow, ordered)
    before = queries.transaction_by_key(uow, key)
    if before is not None:
        return _same(before, kind, subject_id, ordered)
    header = {
        "id": new_id("txn"), "key": key, "kind": kind, "subject_id": subject_id, "order_id": order_id,
        "posted_at": uow.now(),
    }  # fmt: skip
    posted = [_apply(uow, entry, position) for position, entry in enumerate(ordered, start=1)]
    uow.session.execute(insert(LedgerEntry), [_entry_row(str(header["id"]), entry) for entry in posted])
    _seal(uow, header)
    return TransactionSnapshot(**header, entries=tuple(posted))  # type: ignore[arg-type]


def _seal(uow: Uow, header: dict[str, Any]) -> None:
    sealed = _insert_missing(uow, LedgerTransaction, [header], returning="id")
    if not sealed:
        raise KeyReused("Another transaction took this key a moment ago.")


def _same(
    before: TransactionSnapshot, kind: TransactionKind, subject_id: str, entries: Sequence[Entry]
) -> TransactionSnapshot:
    was = (before.kind, before.subject_id, [(entry.account, entry.amount) for entry in before.entries])
    if was != (kind, subject_id, [(entry.account, entry.amount) for entry in entries]):
        raise KeyReused(f"{before.key} was posted as {before.id}.")
    return before


def _open_accounts(uow: Uow, accounts: Sequence[Account]) -> None:
    keys = [account.key for account in accounts]
    there = set(uow.session.execute(select(LedgerAccount.key).where(LedgerAccount.key.in_(keys))).scalars())
    new = [account for account in accounts if account.key not in there]
    _insert_missing(uow, LedgerAccount, [_account_row(account) for account in new])
    _insert_missing(uow, LedgerBalance, [_balance_row(account) for account in new if account.owned])


def _account_row(account: Account) -> dict[str, Any]:
    return {
        "key": account.key, "kind": account.kind, "organisation_id": account.organisation_id,
        "currency": account.currency, "side": account.side,
    }  # fmt: skip


def _balance_row(account: Account) -> dict[str, Any]:
    may_overdraw = account.kind in MAY_OVERDRAW
    return {"account": account.key, "balance": 0, "held": 0, "entries": None, "may_overdraw": may_overdraw}


def _insert_missing(uow: Uow, model: type[Base], rows: list[dict[str, Any]], returning: str | None = None) -> list[Any]:
    if not rows:
        return []
    table = model.__table__
    assert isinstance(table, Table)
    dialect = postgresql if uow.session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(rows).on_conflict_do_nothing()
    if returning is None:
        uow.session.execute(statement)
        return []
    return list(uow.session.execute(statement.returning(table.c[returning])).scalars())


def _lock(uow: Uow, entries: Sequence[Entry]) -> None:
    """Take the balance rows in the order of their keys, so that two postings never wait for each other."""
    keys = [entry.account.key for entry in entries if entry.account.owned]
    chosen = select(LedgerBalance.account).where(LedgerBalance.account.in_(keys)).order_by(LedgerBalance.account)
    uow.session.execute(chosen.with_for_update()).all()


def _apply(uow: Uow, entry: Entry, position: int) -> EntrySnapshot:
    account = entry.account
    if not account.owned:
        return EntrySnapshot(position, account, entry.amount, None, None)
    change = account.side * entry.amount
    moved = uow.session.execute(
        update(LedgerBalance)
        .where(
            LedgerBalance.account == account.key,
            or_(change > 0, LedgerBalance.may_overdraw, LedgerBalance.balance + change >= LedgerBalance.held),
        )
        .values(balance=LedgerBalance.balance + change, entries=func.coalesce(LedgerBalance.entries, 0) + 1)
        .returning(LedgerBalance.entries, LedgerBalance.balance)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        _refuse(uow, account, -change)
    sequence, after = moved
    return EntrySnapshot(position, account, entry.amount, sequence, after)


def _refuse(uow: Uow, account: Account, needed: int) -> None:
    found = queries.balance_of_account(uow, account)
    error = BalanceTooLow if account.kind is AccountKind.BUYER_PREPAID else NotEnoughHeld
    raise error(
        currency=account.currency,
        needed=format_amount(needed, account.currency),
        available=format_amount(found.available, account.currency),
        missing=format_amount(needed - found.available, account.currency),
        hint="Top up the prepaid balance, then try again." if error is BalanceTooLow else None,
    )


def _entry_row(transaction_id: str, entry: EntrySnapshot) -> dict[str, Any]:
    return {
        "transaction_id": transaction_id, "position": entry.position, "account": entry.account.key,
        "currency": entry.account.currency, "amount": entry.amount, "sequence": entry.sequence,
        "balance_after": entry.balance_after,
    }  # fmt: skip
