"""From usage to invoices: what a period adds to what was billed of an entitlement before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from billing import rating
from billing.usage.holding import Calendar, Meter, locked, plan_of
from billing.usage.models import UsageHold, UsageRollup
from billing.usage.sums import quarter_number, sums_of, within
from billing.usage.types import Bill
from core.db import Uow
from core.money import MOST_UNITS
from core.months import Period
from core.plans import PricePlan


def bill(uow: Uow, entitlement_id: str, period: Period) -> list[Bill]:
    """What the usage of a period adds to the invoices, for each plan that was in force; marks it as invoiced.

    The period's usage is billed to its end, with whatever came late into the same window of the plan and
    without what was credited since: billing a period again adds only what has changed. What was held for it
    is free when this returns, in the unit that invoices it. An entitlement without a meter has no bills.
    """
    meter = locked(uow, entitlement_id)
    if meter is None:
        return []
    bills = [_bill(meter, plan_hash, period) for plan_hash in _plans_in(uow, meter.hold, period)]
    meter.hold_again(Calendar(uow))
    uow.session.flush()
    return [each for each in bills if each is not None]


def _plans_in(uow: Uow, hold: UsageHold, period: Period) -> list[str]:
    used = select(UsageRollup.plan_hash).where(UsageRollup.entitlement_id == hold.entitlement_id, *within(period))
    found = set(uow.session.execute(used.distinct()).scalars())
    return sorted(found | ({hold.plan_hash} if hold.plan_hash else set()))


def _bill(meter: Meter, plan_hash: str, period: Period) -> Bill | None:
    uow, hold, plan = meter.uow, meter.hold, plan_of(meter.uow, plan_hash)
    if plan is None:
        return None
    label = rating.window_label(plan, period.label)
    window = meter.window(plan_hash, label)
    last = _units_until(uow, hold, plan_hash, plan, label, period.ends_at)
    before = [] if window.billed is None else rating.rate_quantity(plan, window.billed)
    after = rating.rate_quantity(plan, last)
    made = Bill(
        entitlement_id=hold.entitlement_id, plan_hash=plan_hash, label=label, currency=str(hold.currency),
        sums=tuple(sums_of(uow, hold.entitlement_id, period, plan_hash)), first=window.billed or 0, last=last,
        lines=tuple(rating.difference(before, after)), units=rating.total(after) - rating.total(before),
    )  # fmt: skip
    window.billed, window.invoiced = last, min(rating.total(after), MOST_UNITS)
    return made


def _units_until(uow: Uow, hold: UsageHold, plan_hash: str, plan: PricePlan, label: str, end: datetime) -> int:
    """The units of the plan's window that lie before the end of the period."""
    calendar = Calendar(uow)
    chosen = select(UsageRollup).where(
        UsageRollup.entitlement_id == hold.entitlement_id, UsageRollup.plan_hash == plan_hash,
        UsageRollup.quarter < quarter_number(end),
    )  # fmt: skip
    inside = (
        row.count()
        for row in uow.session.execute(chosen).scalars()
        if rating.window_label(plan, calendar.month(hold.organisation_id, row.quarter)) == label
    )
    return rating.quantity(plan, inside)
