"""Reads of periods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from billing.invoices import queries as invoices
from billing.ledger.queries import balance_of_account
from billing.ledger.types import Account, AccountKind
from billing.periods import rules, statements
from billing.periods.errors import StatementNotFound
from billing.periods.models import ClosedPeriodRow, FailingCloseRow
from billing.periods.types import ClosedPeriod, Count, FailingClose, Key
from billing.usage import settling
from billing.usage.holding import Meter, plan_of
from billing.usage.queries import sums_of
from billing.usage.settling import Unsettled
from compliance.audit import checkpoints
from compliance.audit.verifier import STATEMENT_FORMAT, STATEMENT_VERSION, canonical
from compliance.identity.queries import months_of
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.months import Months, Period
from core.problems import Sentence


def closed_of(uow: Uow, order_id: str) -> list[ClosedPeriod]:
    """The closed periods of an order, oldest first. Asks no policy: for services."""
    chosen = select(ClosedPeriodRow).where(ClosedPeriodRow.order_id == order_id).order_by(ClosedPeriodRow.starts_at)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def of_invoice(uow: Uow, invoice_id: str) -> ClosedPeriod | None:
    """The period that an invoice is for. Asks no policy: for statements."""
    chosen = select(ClosedPeriodRow).where(ClosedPeriodRow.invoice_id == invoice_id)
    row = uow.session.execute(chosen).scalar_one_or_none()
    return row.snapshot() if row else None


def statement(uow: Uow, actor: Actor, invoice_id: str) -> dict[str, Any]:
    """The usage statement of an invoice, in the form that ``docs/formats/usage-statement.md`` fixes.

    Raises InvoiceNotFound, also for one the actor may not see, and StatementNotFound for what is not usage.
    """
    invoice = invoices.get(uow, actor, invoice_id)
    closed = of_invoice(uow, invoice.id)
    if closed is None:
        raise StatementNotFound(Sentence("%(number)s is not the invoice of a period of usage.", number=invoice.number))
    plans = {each.key.plan_hash: plan_of(uow, each.key.plan_hash) for each in closed.counts}
    return statements.document(invoice, closed, {name: plan for name, plan in plans.items() if plan is not None})


def signed_statement(house: House, document: Mapping[str, Any]) -> dict[str, Any]:
    """The statement under the log's key, ready to be verified offline."""
    return {
        "format": STATEMENT_FORMAT,
        "version": STATEMENT_VERSION,
        "statement": document,
        "signature": checkpoints.sign_usage(house, document["invoice"], canonical(document)),
        "key": checkpoints.public_key(house).text(),
    }


def waiting(uow: Uow, as_of: datetime, untried_since: datetime | None = None) -> list[Unsettled]:
    """The meters that may have something to close, and those whose close failed. Asks no policy: for the worker.

    Months that are running everywhere are passed over: most meters have nothing but those. So are meters whose close
    failed after ``untried_since``.
    """
    running = {f"{moment:%Y-%m}" for moment in (as_of - timedelta(hours=13), as_of + timedelta(hours=15))}
    skipped = running if len(running) == 1 else set()
    tried = {each.entitlement_id: each.tried_at for each in failing(uow)}
    kept = {name for name, tried_at in tried.items() if untried_since is not None and tried_at > untried_since}
    return [
        meter
        for meter in settling.unsettled(uow, also=tried)
        if meter.entitlement_id not in kept and (meter.labels - skipped or meter.entitlement_id in tried)
    ]


def is_due(uow: Uow, meter: Unsettled, as_of: datetime) -> bool:
    """Whether a meter has something to close. Asks no policy: for the worker."""
    return next_period(uow, meter, closed_of(uow, meter.order_id), as_of) is not None


def failing(uow: Uow) -> list[FailingClose]:
    """The meters whose close failed the last time it was tried. Asks no policy: for operators."""
    chosen = select(FailingCloseRow).order_by(FailingCloseRow.since, FailingCloseRow.entitlement_id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def is_failing(uow: Uow, entitlement_id: str) -> bool:
    """Whether a meter is among those. Asks no policy: for the worker."""
    return uow.session.get(FailingCloseRow, entitlement_id) is not None


def able_to_pay(uow: Uow) -> list[tuple[str, str]]:
    """(buyer, currency) of those who have open invoices and something on their balance to pay them with."""
    return [
        (buyer_id, currency)
        for buyer_id, currency in invoices.open_buyers(uow)
        if balance_of_account(uow, Account(AccountKind.BUYER_PREPAID, buyer_id, currency)).available > 0
    ]


def next_period(uow: Uow, meter: Unsettled, closed: Sequence[ClosedPeriod], as_of: datetime) -> Period | None:
    """The oldest period that is over, not closed, and was used.

    When there is none but usage of closed months came late: the newest period that is over, if it is not closed.
    """
    months = months_of(uow, meter.organisation_id)
    for start, end in _gaps(closed, as_of):
        used = settling.first_used(uow, meter.entitlement_id, start, end)
        if used is not None:
            found = months.period_of(used)
            return found if found.ends_at <= as_of else None
    late = closed and _counted(closed) != settling.calls_until(uow, meter.entitlement_id, closed[-1].period.ends_at)
    return _newest(months, closed, as_of) if late else None


def uncounted(uow: Uow, meter: Meter, period: Period, closed: Sequence[ClosedPeriod]) -> list[Count]:
    """The usage of a period, and what came or went of earlier ones since they were closed."""
    counts = counts_of(uow, meter, period)
    if _counted(closed) != settling.calls_until(uow, meter.hold.entitlement_id, period.starts_at):
        now = [count for each in closed for count in counts_of(uow, meter, each.period)]
        counts += rules.difference(now, [count for each in closed for count in each.counts])
    return counts


def counts_of(uow: Uow, meter: Meter, period: Period) -> list[Count]:
    """What the roll-ups of a period add up to."""
    return [
        Count(
            Key(period.label, each.operation, each.plan_hash, each.outcome, each.mode, each.credited),
            each.calls, each.records, each.bytes_in, each.bytes_out,
        )
        for each in sums_of(uow, meter.hold.entitlement_id, period)
        if each.calls
    ]  # fmt: skip


def _counted(closed: Sequence[ClosedPeriod]) -> tuple[int, int]:
    """The calls that closed periods have counted, and how many of them are credited."""
    counts = [count for each in closed for count in each.counts]
    return sum(count.calls for count in counts), sum(count.calls for count in counts if count.key.credited)


def _gaps(closed: Sequence[ClosedPeriod], as_of: datetime) -> Iterator[tuple[datetime | None, datetime]]:
    """The times before ``as_of`` that no closed period covers, oldest first."""
    start: datetime | None = None
    for each in closed:
        if start is None or start < each.period.starts_at:
            yield start, each.period.starts_at
        start = each.period.ends_at
    if start is None or start < as_of:
        yield start, as_of


def _newest(months: Months, closed: Sequence[ClosedPeriod], as_of: datetime) -> Period | None:
    """The newest period that is over, when no closed one is it or comes after it."""
    newest = months.period_of(months.period_of(as_of).starts_at - timedelta(microseconds=1))
    return newest if closed[-1].period.ends_at <= newest.starts_at else None
