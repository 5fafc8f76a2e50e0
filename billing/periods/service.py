"""Closing months of usage: each into one invoice of its order, whoever asks and however often."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import delete, insert

from billing.invoices import service as invoices
from billing.invoices.types import Line, Span
from billing.periods import queries, rules
from billing.periods.errors import NotOver, PlanUnknown
from billing.periods.models import ClosedPeriodRow, FailingCloseRow
from billing.periods.rules import Charges
from billing.periods.types import ClosedPeriod, Count
from billing.taxes import queries as taxes
from billing.usage import settling
from billing.usage.holding import Meter, locked, plan_in, plan_of
from billing.usage.settling import Unsettled
from compliance.audit.service import record
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from core.money import rounding_of
from core.months import Period
from core.plans import PricePlan
from core.rows import insert_missing
from core.turns import each_by_itself

GRACE = timedelta(minutes=15)
"""The worker waits so long after a period's end for calls that are still being loaded; what comes later is late."""
PATIENCE = timedelta(hours=1)
"""The worker tries so long after a close that failed again."""
_LONGEST_REASON = 500
log = logging.getLogger("piaohao.periods")


def close_due(house: House, as_of: datetime | None = None) -> Iterator[ClosedPeriod]:
    """Close every period that is over at ``as_of`` (by default now), the oldest first, each in a unit of its own.

    Repeating it, or running it twice at once, changes nothing; killed, it goes on where it was. A meter that cannot
    be closed stops no other: see ``queries.failing``. Raises NotOver for a moment that has not come.
    """
    moment = as_of or house.clock.now()
    if moment > house.clock.now():
        raise NotOver("The time has not come yet.", field="as_of")
    for meter in house.db.read(lambda uow: queries.waiting(uow, moment)):
        yield from _close_all(house, meter, moment)


def tend(house: House) -> int:
    """What the worker does: close what is over and had its grace, and collect what is open. Answers how much it did.

    What could not be closed is left for a while.
    """
    now, done = house.clock.now(), 0
    for meter in house.db.read(lambda uow: queries.waiting(uow, now - GRACE, now - PATIENCE)):
        done += sum(1 for _ in _close_all(house, meter, now - GRACE))
    return done + each_by_itself(house, house.db.read(queries.able_to_pay), _collect)


def _collect(uow: Uow, of: tuple[str, str]) -> bool:
    return invoices.collect(uow, buyer_id=of[0], currency=of[1]) > 0


def _close_all(house: House, meter: Unsettled, as_of: datetime) -> Iterator[ClosedPeriod]:
    """Close every period of a meter that is over. What goes wrong is written down, and the others' turn comes."""
    it = meter.entitlement_id
    try:
        due = house.db.read(lambda uow: queries.is_due(uow, meter, as_of))
        while due and (closed := house.db.write(lambda uow: close_next(uow, it, as_of=as_of))):
            yield closed
        if house.db.read(lambda uow: queries.is_failing(uow, it)):
            house.db.write(lambda uow: _forget_failure(uow, it))
    except Exception as error:  # whatever is wrong with one meter must not stop the others
        log.exception("%s cannot be closed", it)
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        house.db.write(lambda uow: _keep_failure(uow, meter, reason))


def close_next(uow: Uow, entitlement_id: str, *, as_of: datetime) -> ClosedPeriod | None:
    """Close the oldest period of an entitlement that is over and was used, or has late usage to take in.

    The usage that was held for becomes an invoice, paid from the prepaid balance in the same unit. Usage of a
    month that was closed already stands in lines that name that month. None when there is nothing to close. Raises
    PlanUnknown, and whatever rating does with a plan that it cannot read.
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
        raise PlanUnknown(", ".join(sorted(plans.keys() - known.keys())))
    return _close(uow, meter, period, counts, known)


def _keep_failure(uow: Uow, meter: Unsettled, reason: str) -> None:
    now = uow.now()
    first = {"entitlement_id": meter.entitlement_id, "order_id": meter.order_id, "since": now, "times": 0}
    insert_missing(uow, FailingCloseRow, [first | {"reason": reason, "tried_at": now}])
    row = uow.session.get_one(FailingCloseRow, meter.entitlement_id, with_for_update=True, populate_existing=True)
    row.reason, row.tried_at, row.times = reason, now, row.times + 1
    uow.session.flush()


def _forget_failure(uow: Uow, entitlement_id: str) -> None:
    uow.session.execute(delete(FailingCloseRow).where(FailingCloseRow.entitlement_id == entitlement_id))


def _close(
    uow: Uow, meter: Meter, period: Period, counts: list[Count], plans: dict[str, PricePlan]
) -> ClosedPeriod | None:
    used = any(count.key.month == period.label for count in counts)
    counts, made, lines = _chargeable(uow, meter, counts, plans)
    if not counts and not used:
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
    uow: Uow, meter: Meter, counts: list[Count], plans: dict[str, PricePlan]
) -> tuple[list[Count], Charges, list[Line]]:
    """The counts and their lines; windows that would make the invoice negative wait for one that they fit into."""
    made, lines = _priced(uow, meter, counts, plans)
    if sum(line.net for line in lines) >= 0 and sum(line.tax for line in lines) >= 0:
        return counts, made, lines
    waiting = made.negative()
    kept = [count for count in counts if rules.window_of(count, plans) not in waiting]
    return kept, *_priced(uow, meter, kept, plans)


def _priced(uow: Uow, meter: Meter, counts: list[Count], plans: dict[str, PricePlan]) -> tuple[Charges, list[Line]]:
    billed = {window: each.billed for window, each in meter.windows.items()}
    parts = {window: plan_in(each, plans[window[0]]) for window, each in meter.windows.items() if window[0] in plans}
    made, hold = rules.charges(counts, plans, billed, parts), meter.hold
    rounding = rounding_of(uow.house.settings.tier_profile)
    rate_bp = taxes.rate_bp(uow, hold.organisation_id)
    return made, rules.lines(made, hold.listing_id, str(hold.currency), rate_bp, rounding)


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
