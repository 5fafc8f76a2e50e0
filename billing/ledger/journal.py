"""The ledger as accountants read it: by time, and as it stood at a moment. Asks no policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from billing.ledger.models import LedgerAccount, LedgerEntry, LedgerTransaction
from billing.ledger.queries import entries_of
from billing.ledger.types import Account, PostedEntry, TransactionSnapshot, TrialRow
from core.db import Uow

Place = tuple[datetime, str]
"""Where one transaction stands in the order of time."""


def between(
    uow: Uow, starts_at: datetime, ends_at: datetime, *, after: Place | None, limit: int,
    organisation_id: str | None = None,
) -> list[TransactionSnapshot]:  # fmt: skip
    """The transactions of a half-open time in their order, those that touch an organisation if one is named."""
    place = LedgerTransaction.posted_at, LedgerTransaction.id
    chosen = select(LedgerTransaction).where(place[0] >= starts_at, place[0] < ends_at).order_by(*place).limit(limit)
    if after is not None:
        chosen = chosen.where(*_beyond(after))
    if organisation_id is not None:
        touched = (
            select(LedgerEntry.transaction_id)
            .join(LedgerAccount, LedgerAccount.key == LedgerEntry.account)
            .where(LedgerAccount.organisation_id == organisation_id)
        )
        chosen = chosen.where(LedgerTransaction.id.in_(touched))
    return entries_of(uow, uow.session.execute(chosen).scalars().all())


def totals_until(uow: Uow, ends_at: datetime, starts_at: datetime | None = None) -> list[TrialRow]:
    """The ledger by kind of account as it stood at a moment; what moved since another one, if it is given."""
    amount = LedgerEntry.amount
    chosen = (
        select(
            LedgerAccount.kind, LedgerAccount.currency, func.sum(case((amount > 0, amount), else_=0)),
            func.sum(case((amount < 0, -amount), else_=0)),
        )
        .join(LedgerEntry, LedgerEntry.account == LedgerAccount.key)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.posted_at < ends_at)
        .group_by(LedgerAccount.kind, LedgerAccount.currency)
        .order_by(LedgerAccount.currency, LedgerAccount.kind)
    )  # fmt: skip
    if starts_at is not None:
        chosen = chosen.where(LedgerTransaction.posted_at >= starts_at)
    return [TrialRow(kind, currency, int(d), int(c)) for kind, currency, d, c in uow.session.execute(chosen)]


def count_until(uow: Uow, ends_at: datetime) -> int:
    """How many transactions were posted before a moment."""
    counted = select(func.count()).select_from(LedgerTransaction).where(LedgerTransaction.posted_at < ends_at)
    return int(uow.session.execute(counted).scalar_one())


def balance_at(uow: Uow, account: Account, moment: datetime) -> int:
    """What an account's balance was: the sum of everything posted to it before."""
    summed = (
        select(func.coalesce(func.sum(LedgerEntry.amount), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account == account.key, LedgerTransaction.posted_at < moment)
    )
    return account.side * int(uow.session.execute(summed).scalar_one())


def entries_between(
    uow: Uow, account: Account, starts_at: datetime, ends_at: datetime, *, after: Place | None, limit: int
) -> Sequence[PostedEntry]:
    """The entries of an account in a half-open time, in their order."""
    place = LedgerTransaction.posted_at, LedgerTransaction.id
    chosen = (
        select(LedgerEntry, LedgerTransaction)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerEntry.account == account.key, place[0] >= starts_at, place[0] < ends_at)
        .order_by(*place)
        .limit(limit)
    )
    if after is not None:
        chosen = chosen.where(*_beyond(after))
    return [
        PostedEntry(
            header.id, header.kind, header.subject_id, header.order_id, header.posted_at, entry.sequence or 0,
            account.side * entry.amount,
        )
        for entry, header in uow.session.execute(chosen)
    ]  # fmt: skip


def _beyond(after: Place) -> tuple[ColumnElement[bool], ...]:
    """The first condition alone lets an index find the place."""
    moment, transaction_id = after
    later = LedgerTransaction.posted_at > moment
    beside = and_(LedgerTransaction.posted_at == moment, LedgerTransaction.id > transaction_id)
    return LedgerTransaction.posted_at >= moment, or_(later, beside)
