"""Closing months of usage: each into one invoice of its order, whoever asks and however often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import insert

from billing.invoices import service as invoices
from billing.invoices.rules import usage_line
from billing.invoices.types import Line, Span, Usage
from billing.periods import queries, rules
from billing.periods.errors import NotOver
from billing.periods.models import ClosedPeriodRow
from billing.periods.rules import Charge, Charges
from billing.periods.types import ClosedPeriod, Count
from billing.usage import settling
from billing.usage.holding import Meter, locked, plan_of
from compliance.audit.service import record
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from core.money import rounding_of
from core.months import Period
from core.plans import PricePlan

GRACE = timedelta(minutes=15)
"""The worker waits so long after a period's end for calls that are still being loaded; what comes later is late."""


def close_due(house: House, as_of: datetime | None = None) -> Iterator[ClosedPeriod]:
    """Close every period that is over at ``as_of`` (by default now), the oldest first, each in a unit of its own.

    Repeating it, or running it twice at once, changes nothing; killed, it goes on where it was. Raises NotOver
    for a moment that has not come.
    """
    moment = as_of or house.clock.now()
    if moment > house.clock.now():
        raise NotOver("The time has not come yet.", field="as_of")
    for entitlement_id in house.db.read(lambda uow: queries.waiting(uow, moment)):
        while closed := house.db.write(lambda uow, it=entitlement_id: close_next(uow, it, as_of=moment)):  # type: ignore[misc]
            yield closed


def tend(house: House) -> int:
    """What the worker does: close what is over and had its grace, and collect what is open. Answers how much it did."""
    done = sum(1 for _ in close_due(house, house.clock.now() - GRACE))
    for buyer_id, currency in house.db.read(queries.able_to_pay):
        done += house.db.write(lambda uow, of=buyer_id, c=currency: invoices.collect(uow, buyer_id=of, currency=c)) > 0  # type: ignore[misc]
    return done


def close_next(uow: Uow, entitlement_id: str, *, as_of: datetime) -> ClosedPeriod | None:
    """Close the oldest period of an entitlement that is over and was used, or has late usage to take in.

    The usage that was held for becomes an invoice, paid from the prepaid balance in the same unit. Usage of a
    month that was closed already stands in lines that name that month. None when there is nothing to close.
    """
    meter = locked(uow, entitlement_id)
    if meter is None:
        return None
    before = queries.closed_of(uow, meter.hold.order_id)
    period = queries.next_period(uow, settling.unsettled_of(meter), before, as_of)
    if period is None:
        return None
    counts = queries.uncounted(uow, meter, period, before)
    plans = {each.key.plan_hash: plan_of(uow, each.key.plan_hash) for each in counts}
    known = {plan_hash: plan for plan_hash, plan in plans.items() if plan is not None}
    if len(known) < len(plans):
        return None  # the plan of these calls is not known here yet; they wait, still held for
    return _close(uow, meter, period, counts, known)


def _close(
    uow: Uow, meter: Meter, period: Period, counts: list[Count], plans: dict[str, PricePlan]
) -> ClosedPeriod | None:
    counts, made, lines = _chargeable(uow, meter, period, counts, plans)
    if not counts or sum(line.net for line in lines) < 0:
        return None
    settling.settle(meter, made.units, plans)
    text = rules.canonical(counts)
    digest = rules.sha256(text)
    invoice_id = None
    if lines:
        span = Span(period.label, period.starts_at, period.ends_at, period.zone, digest)
        invoice_id = invoices.charge_usage(
            uow, order_id=meter.hold.order_id, buyer_id=meter.hold.organisation_id,
            supplier_id=meter.hold.supplier_id, lines=lines, span=span,
        ).id  # fmt: skip
    uow.session.execute(
        insert(ClosedPeriodRow).values(
            order_id=meter.hold.order_id, month=period.label, starts_at=period.starts_at, ends_at=period.ends_at,
            zone=period.zone, invoice_id=invoice_id, usage=text, usage_sha256=digest, closed_at=uow.now(),
        )
    )  # fmt: skip
    return _noted(uow, meter, ClosedPeriod(meter.hold.order_id, period, invoice_id, tuple(counts), digest, uow.now()))


def _chargeable(
    uow: Uow, meter: Meter, period: Period, counts: list[Count], plans: dict[str, PricePlan]
) -> tuple[list[Count], Charges, list[Line]]:
    """The counts and their lines; what would make the invoice negative waits for a later one that it fits into."""
    made, lines = _priced(uow, meter, counts, plans)
    if sum(line.net for line in lines) >= 0 and sum(line.tax for line in lines) >= 0:
        return counts, made, lines
    own = [count for count in counts if count.key.month == period.label]
    return own, *_priced(uow, meter, own, plans)


def _priced(uow: Uow, meter: Meter, counts: list[Count], plans: dict[str, PricePlan]) -> tuple[Charges, list[Line]]:
    billed = {window: each.billed for window, each in meter.windows.items()}
    made = rules.charges(counts, plans, billed)
    return made, [_line(uow, meter, each) for each in made.lines if each.rated.amount]


def _line(uow: Uow, meter: Meter, charge: Charge) -> Line:
    settings, rated = uow.house.settings, charge.rated
    usage = Usage(
        period=charge.month, operation=charge.operation, plan_sha256=charge.plan_hash, kind=str(rated.kind),
        unit=rated.unit or "", price=rated.price, per=rated.per, amount=rated.amount,
    )  # fmt: skip
    rounding = rounding_of(settings.tier_profile)
    return usage_line(
        meter.hold.listing_id, usage, rated.quantity, str(meter.hold.currency), settings.tax_rate_bp, rounding
    )


def _noted(uow: Uow, meter: Meter, closed: ClosedPeriod) -> ClosedPeriod:
    record(
        uow, SYSTEM, action="usage:close", object_id=closed.order_id,
        data={
            "period": closed.period.label, "zone": closed.period.zone, "usage_sha256": closed.usage_sha256,
            "from": closed.period.starts_at.isoformat().replace("+00:00", "Z"),
            "to": closed.period.ends_at.isoformat().replace("+00:00", "Z"),
            **({"invoice": closed.invoice_id} if closed.invoice_id else {}),
        },
        concerns=[meter.hold.organisation_id, meter.hold.supplier_id],
    )  # fmt: skip
    return closed
