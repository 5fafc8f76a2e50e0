"""Posting: the one way by which money moves. Called by services of billing, in their unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from sqlalchemy import func, insert, or_, select, update

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
from core.rows import insert_missing


def post(uow: Uow, drafts: Sequence[Draft]) -> list[TransactionSnapshot]:
    """Post balanced transactions, each once.

    A key that was posted with the same entries answers what was posted the first time; with others it
    raises KeyReused. Raises BalanceTooLow or NotEnoughHeld when an account would be overdrawn, whoever
    else is posting meanwhile: no race can overdraw it. Raises Unbalanced for entries that are no
    transaction. The rows of all accounts are taken first and in one order, so two units never wait for
    each other in a circle.
    """
    checked_drafts = [replace(draft, entries=tuple(checked(draft.entries))) for draft in drafts]
    accounts = sorted({entry.account for draft in checked_drafts for entry in draft.entries}, key=lambda a: a.key)
    _open_accounts(uow, accounts)
    _lock(uow, accounts)
    before = queries.transactions_by_key(uow, [draft.key for draft in checked_drafts])
    return [_post_once(uow, draft, before.get(draft.key)) for draft in checked_drafts]


def _post_once(uow: Uow, draft: Draft, before: TransactionSnapshot | None) -> TransactionSnapshot:
    if before is not None:
        return _same(before, draft)
    transaction_id = new_id("txn")
    entries = tuple(_apply(uow, entry, position) for position, entry in enumerate(draft.entries, start=1))
    uow.session.execute(insert(LedgerEntry), [_entry_row(transaction_id, entry) for entry in entries])
    header = {
        "id": transaction_id, "key": draft.key, "kind": str(draft.kind), "subject_id": draft.subject_id,
        "order_id": draft.order_id, "posted_at": uow.now(),
    }  # fmt: skip
    if not insert_missing(uow, LedgerTransaction, [header]):
        raise KeyReused(f"Another transaction took the key {draft.key} a moment ago.")
    return TransactionSnapshot(
        transaction_id, draft.key, draft.kind, draft.subject_id, draft.order_id, uow.now(), entries
    )


def _same(before: TransactionSnapshot, draft: Draft) -> TransactionSnapshot:
    was = (before.kind, before.subject_id, [(entry.account, entry.amount) for entry in before.entries])
    if was != (draft.kind, draft.subject_id, [(entry.account, entry.amount) for entry in draft.entries]):
        raise KeyReused(f"{before.key} was posted as {before.id}.")
    return before


def _open_accounts(uow: Uow, accounts: Sequence[Account]) -> None:
    keys = [account.key for account in accounts]
    there = set(uow.session.execute(select(LedgerAccount.key).where(LedgerAccount.key.in_(keys))).scalars())
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
    keys = [account.key for account in accounts if account.owned]
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
            or_(LedgerBalance.may_overdraw, LedgerBalance.balance + change >= LedgerBalance.held),
        )
        .values(balance=LedgerBalance.balance + change, entries=func.coalesce(LedgerBalance.entries, 0) + 1)
        .returning(LedgerBalance.entries, LedgerBalance.balance)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if moved is None:
        _refuse(uow, account, -change)
    sequence, after = moved
    return EntrySnapshot(position, account, entry.amount, sequence, after)


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
