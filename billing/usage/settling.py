"""What of a meter's usage was invoiced: read and marked by the close of a period, in its unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, or_, select

from billing import rating
from billing.usage.holding import Calendar, Meter, plan_in, plan_of
from billing.usage.models import UsageHold, UsageRollup, UsageRow, UsageWindow
from billing.usage.sums import quarter_number
from billing.usage.types import QUARTER_S
from core.db import Uow
from core.money import MOST_UNITS
from core.plans import PricePlan


@dataclass(frozen=True)
class Unsettled:
    """A meter with windows, of these labels, that hold other units than invoices have counted."""

    entitlement_id: str
    order_id: str
    organisation_id: str
    labels: frozenset[str]


def unsettled(uow: Uow, also: Collection[str] = ()) -> list[Unsettled]:
    """Every meter with units that no invoice has counted, or that one counted too many of; and ``also`` these."""
    open_ones = or_(
        UsageWindow.billed.is_(None), UsageWindow.billed != UsageWindow.quantity, UsageHold.entitlement_id.in_(also)
    )
    chosen = (
        select(UsageHold.entitlement_id, UsageHold.order_id, UsageHold.organisation_id, UsageWindow.label)
        .join(UsageWindow, UsageWindow.entitlement_id == UsageHold.entitlement_id)
        .where(open_ones)
        .order_by(UsageHold.entitlement_id)
    )
    meters: dict[tuple[str, str, str], set[str]] = {}
    for *meter, label in uow.session.execute(chosen):
        meters.setdefault((meter[0], meter[1], meter[2]), set()).add(label)
    return [Unsettled(*meter, frozenset(labels)) for meter, labels in meters.items()]


def unsettled_of(meter: Meter) -> Unsettled:
    """The same of one meter."""
    labels = (label for (_, label), window in meter.windows.items() if window.billed != window.quantity)
    hold = meter.hold
    return Unsettled(hold.entitlement_id, hold.order_id, hold.organisation_id, frozenset(labels))


def first_used(uow: Uow, entitlement_id: str, start: datetime | None, end: datetime) -> datetime | None:
    """The first quarter of an hour in a half-open time in which an entitlement was used."""
    mine = (UsageRollup.entitlement_id == entitlement_id, UsageRollup.quarter < quarter_number(end))
    chosen = select(func.min(UsageRollup.quarter)).where(*mine)
    if start is not None:
        chosen = chosen.where(UsageRollup.quarter >= quarter_number(start))
    found = uow.session.execute(chosen).scalar_one()
    return None if found is None else datetime.fromtimestamp(found * QUARTER_S, UTC)


def calls_until(uow: Uow, entitlement_id: str, end: datetime) -> tuple[int, int]:
    """The calls of an entitlement before a moment, and how many of them are credited."""
    chosen = select(UsageRollup.credited, func.sum(UsageRollup.calls)).where(
        UsageRollup.entitlement_id == entitlement_id, UsageRollup.quarter < quarter_number(end)
    )
    found = {
        bool(credited): int(calls) for credited, calls in uow.session.execute(chosen.group_by(UsageRollup.credited))
    }
    return sum(found.values()), found.get(True, 0)


def billed_of(uow: Uow, order_id: str) -> dict[tuple[str, str], int]:
    """The units that invoices have counted, by plan and window. Asks no policy: for checks."""
    chosen = (
        select(UsageWindow.plan_hash, UsageWindow.label, UsageWindow.billed)
        .join(UsageHold, UsageHold.entitlement_id == UsageWindow.entitlement_id)
        .where(UsageHold.order_id == order_id, UsageWindow.billed.is_not(None))
    )
    return {(plan_hash, label): billed or 0 for plan_hash, label, billed in uow.session.execute(chosen)}


def parts_of(uow: Uow, order_id: str) -> dict[tuple[str, str], PricePlan]:
    """The plans of an order's windows that are only a part of their period. Asks no policy: for checks."""
    partly = or_(UsageWindow.included.is_not(None), UsageWindow.amount.is_not(None))
    chosen = (
        select(UsageWindow)
        .join(UsageHold, UsageHold.entitlement_id == UsageWindow.entitlement_id)
        .where(UsageHold.order_id == order_id, partly)
    )
    found = {(row.plan_hash, row.label): row for row in uow.session.execute(chosen).scalars()}
    plans = {window: plan_of(uow, window[0]) for window in found}
    return {window: plan_in(found[window], plan) for window, plan in plans.items() if plan is not None}


def window_of(uow: Uow, entitlement_id: str, plan_hash: str, label: str) -> tuple[int, int]:
    """The units of a window, and what was invoiced of it in 10⁻⁷ of the minor unit. Asks no policy: for fees."""
    row = uow.session.get(UsageWindow, (entitlement_id, plan_hash, label), populate_existing=True)
    return (row.quantity, row.invoiced) if row else (0, 0)


def recorded(uow: Uow, order_id: str, start: datetime, end: datetime) -> dict[tuple[str, str, str, str], int]:
    """The calls that were recorded, by operation, outcome, plan and mode, credited or not. Asks no policy."""
    key = (UsageRow.operation, UsageRow.outcome, UsageRow.plan_hash, UsageRow.mode)
    chosen = (
        select(*key, func.count())
        .join(UsageHold, UsageHold.entitlement_id == UsageRow.entitlement_id)
        .where(UsageHold.order_id == order_id, UsageRow.at >= start, UsageRow.at < end)
        .group_by(*key)
    )
    return {(row[0], row[1], row[2], row[3]): int(row[4]) for row in uow.session.execute(chosen)}


def settle(meter: Meter, units: Mapping[tuple[str, str], int], plans: Mapping[str, PricePlan]) -> None:
    """So many more units of these windows are invoiced now; what was held for them is free in the same unit."""
    for (plan_hash, label), more in units.items():
        window = meter.window(plan_hash, label)
        window.billed = (window.billed or 0) + more
        window.invoiced = min(
            rating.total(rating.rate_metered(plan_in(window, plans[plan_hash]), window.billed)), MOST_UNITS
        )
    meter.hold_again(Calendar(meter.uow))
    meter.uow.session.flush()
