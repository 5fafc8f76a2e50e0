"""Reads of the processor's part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute

from billing.ledger.queries import kind_totals
from billing.ledger.types import AccountKind
from billing.processor.errors import EntryNotFound, ProcessorUnavailable
from billing.processor.models import AttemptRow, BalanceEntryRow
from billing.processor.types import Attempt, AttemptState, BalanceEntry, Deed, Standing
from core.db import Uow
from core.house import House
from core.problems import Sentence


def standing(house: House) -> Standing:
    """Whether payments by card and wallet are possible here, by which methods, and whether their money is real."""
    settings = house.settings
    if not settings.stripe_key:
        return Standing(available=False)
    methods = tuple(name.strip() for name in settings.stripe_methods.split(",") if name.strip())
    fake = bool(settings.stripe_url) and urlsplit(settings.stripe_url).hostname != "api.stripe.com"
    return Standing(True, fake=fake, test=fake or "_test_" in settings.stripe_key, methods=methods)


def require_method(house: House, method: str) -> None:
    """Raises ProcessorUnavailable when there is no processor, or not for that method."""
    found = standing(house)
    if not found.available:
        raise ProcessorUnavailable("No payment processor is connected.", hint="Pay by bank transfer.")
    if method not in found.methods:
        names = ", ".join(found.methods)
        raise ProcessorUnavailable(Sentence("Choose one of %(names)s.", names=names), field="method")


def attempt(uow: Uow, attempt_id: str) -> Attempt:
    """Asks no policy: for services."""
    return uow.session.get_one(AttemptRow, attempt_id, populate_existing=True).snapshot()


def attempts_of(uow: Uow, subject_id: str) -> list[Attempt]:
    """Everything that was asked of the processor for one thing, the oldest first. Asks no policy."""
    chosen = select(AttemptRow).where(AttemptRow.subject_id == subject_id).order_by(AttemptRow.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def planned(uow: Uow, subject_ids: list[str]) -> list[str]:
    """The attempts for these things that have no answer yet, the oldest first. Asks no policy."""
    mine = AttemptRow.subject_id.in_(subject_ids), AttemptRow.state == AttemptState.PLANNED
    return list(uow.session.execute(select(AttemptRow.id).where(*mine).order_by(AttemptRow.id)).scalars())


def due(uow: Uow, limit: int) -> list[str]:
    """Attempts whose time has come, the oldest first. Asks no policy: for the worker."""
    ready = AttemptRow.state == AttemptState.PLANNED, AttemptRow.due_at <= uow.now()
    return list(
        uow.session.execute(select(AttemptRow.id).where(*ready).order_by(AttemptRow.due_at).limit(limit)).scalars()
    )


def stuck(uow: Uow, since: timedelta = timedelta(minutes=10), limit: int = 100) -> list[Attempt]:
    """Attempts that are without an answer for so long. Asks no policy: for pages that asked."""
    old = AttemptRow.state == AttemptState.PLANNED, AttemptRow.created_at < uow.now() - since
    chosen = select(AttemptRow).where(*old).order_by(AttemptRow.id).limit(limit)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def is_planned(uow: Uow, subject_id: str, deed: Deed) -> bool:
    """Whether that is asked for already and has no answer. Asks no policy: for services."""
    mine = AttemptRow.subject_id == subject_id, AttemptRow.deed == deed, AttemptRow.state == AttemptState.PLANNED
    return uow.session.execute(select(AttemptRow.id).where(*mine).limit(1)).first() is not None


def newest_entry(uow: Uow) -> datetime | None:
    """When the newest row of the processor's books that was read came to be. Asks no policy."""
    return uow.session.execute(select(func.max(BalanceEntryRow.created_at))).scalar()


def entry(uow: Uow, entry_id: str) -> BalanceEntry:
    """One row of the processor's books that was read. Asks no policy: for services. Raises EntryNotFound."""
    row = uow.session.get(BalanceEntryRow, entry_id)
    if row is None:
        raise EntryNotFound()
    return row.snapshot()


def entries(uow: Uow) -> int:
    """How many rows of the processor's books were read. Asks no policy: for commands."""
    return int(uow.session.execute(select(func.count()).select_from(BalanceEntryRow)).scalar_one())


def without_match(
    uow: Uow, kinds: Iterable[str], known: Iterable[InstrumentedAttribute[str]], limit: int | None = None
) -> list[BalanceEntry]:
    """Rows of these kinds whose source stands in none of these columns, the oldest first. Asks no policy."""
    about = BalanceEntryRow.kind.in_(set(kinds)), BalanceEntryRow.source != ""
    strange = [~exists().where(column == BalanceEntryRow.source) for column in known]
    chosen = select(BalanceEntryRow).where(*about, *strange).limit(limit)
    ordered = chosen.order_by(BalanceEntryRow.created_at, BalanceEntryRow.id)
    return [row.snapshot() for row in uow.session.execute(ordered).scalars()]


def fees(uow: Uow) -> dict[str, int]:
    """What the processor took for itself, by currency. Asks no policy: for checks."""
    return _sums(uow, BalanceEntryRow.fee)


def paid_out(uow: Uow, kind: str) -> dict[str, int]:
    """What it brought to the platform's own bank, by currency. Asks no policy: for checks."""
    return _sums(uow, -BalanceEntryRow.amount, BalanceEntryRow.kind.startswith(kind, autoescape=True))


def _sums(uow: Uow, amount: Any, *conditions: ColumnElement[bool]) -> dict[str, int]:
    chosen = select(BalanceEntryRow.currency, func.sum(amount)).where(*conditions).group_by(BalanceEntryRow.currency)
    return {currency: int(total) for currency, total in uow.session.execute(chosen)}


def clearing(uow: Uow) -> dict[str, int]:
    """What the ledger says lies with the processor, by currency. Asks no policy: for checks."""
    return {row.currency: row.balance for row in kind_totals(uow) if row.kind == AccountKind.PROCESSOR_CLEARING}
