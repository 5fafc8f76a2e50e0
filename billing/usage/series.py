"""Usage over a time by hours or days of a zone, and what each step added to the cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from billing import rating
from billing.rating import UsageCount
from billing.usage.errors import RangeTooLong
from billing.usage.holding import Calendar, plan_in, plan_of
from billing.usage.models import UsageHold, UsageRollup, UsageWindow
from billing.usage.sums import between, quarter_number
from billing.usage.types import QUARTER_S, Step, StepCost, Usage, UsageSum, WindowCost
from core.db import Uow
from core.money import round_units, rounding_of
from core.months import quarter_of
from core.plans import PricePlan
from core.problems import Sentence

_LONGEST = {Step.HOUR: timedelta(days=32), Step.DAY: timedelta(days=370)}
_MOST_ROWS = 50_000


def usage_of(
    uow: Uow, meters: ColumnElement[bool], *, by: Step, zone: str, starts_at: datetime, ends_at: datetime
) -> Usage:  # fmt: skip
    """The usage of these meters in a half-open time, widened to whole quarters of an hour. Raises RangeTooLong."""
    if not starts_at < ends_at <= starts_at + _LONGEST[by]:
        raise RangeTooLong(
            Sentence("At most %(days)s days by the %(by)s.", days=_LONGEST[by].days, by=by), field="from"
        )
    first, end = quarter_number(starts_at), quarter_number(ends_at + timedelta(seconds=QUARTER_S - 1))
    rows = _rows(uow, meters, first, end)
    holds = {row.entitlement_id: hold for row, hold in rows}
    windows = _windows(uow, holds, rows)
    return Usage(
        by, zone, datetime.fromtimestamp(first * QUARTER_S, UTC), datetime.fromtimestamp(end * QUARTER_S, UTC),
        tuple(_sums(rows, by, zone)), tuple(_costs(uow, holds, rows, by, zone)), tuple(windows),
    )  # fmt: skip


def cost_of_window(uow: Uow, hold: UsageHold, plan: PricePlan, window: UsageWindow) -> WindowCost:
    rounding = rounding_of(uow.house.settings.tier_profile)
    unit = rating.unit_of(plan)
    return WindowCost(
        hold.entitlement_id, hold.listing_id, window.label, str(plan.kind), str(unit) if unit else None,
        window.quantity, window.rated, round_units(window.rated, rounding), window.invoiced, str(hold.currency),
    )  # fmt: skip


_Row = tuple[UsageRollup, UsageHold]


def _rows(uow: Uow, meters: ColumnElement[bool], first: int, end: int) -> list[_Row]:
    chosen = (
        select(UsageRollup, UsageHold)
        .join(UsageHold, UsageHold.entitlement_id == UsageRollup.entitlement_id)
        .where(meters, UsageRollup.calls > 0, *between(first, end))
        .order_by(UsageRollup.quarter, UsageRollup.entitlement_id, UsageRollup.operation)
        .limit(_MOST_ROWS + 1)
    )
    found = [(row, hold) for row, hold in uow.session.execute(chosen)]
    if len(found) > _MOST_ROWS:
        raise RangeTooLong("Choose a shorter time, or one entitlement.", field="from")
    return found


def _sums(rows: Iterable[_Row], by: Step, zone: str) -> Iterable[UsageSum]:
    found: dict[tuple[datetime, str, str, str, str, str, bool], list[int]] = {}
    for row, hold in rows:
        key = (
            start_of(row.quarter, by, zone), row.entitlement_id, hold.listing_id, row.operation, row.outcome, row.mode,
            row.credited,
        )  # fmt: skip
        into = found.setdefault(key, [0, 0, 0, 0, 0])
        added = (row.calls, row.bytes_in, row.bytes_out, row.records, row.latency_us)
        found[key] = [a + b for a, b in zip(into, added, strict=True)]
    return (UsageSum(*key, *sums) for key, sums in sorted(found.items()))


@lru_cache(maxsize=100_000)
def start_of(quarter: int, by: Step, zone: str) -> datetime:
    """The beginning of the zone's hour or day that a quarter lies in."""
    moment = datetime.fromtimestamp(quarter * QUARTER_S, UTC)
    local = moment.astimezone(ZoneInfo(zone))
    if by is Step.HOUR:
        return moment - timedelta(minutes=local.minute)
    midnight = datetime(local.year, local.month, local.day, tzinfo=local.tzinfo)
    return quarter_of(midnight)


def _costs(uow: Uow, holds: dict[str, UsageHold], rows: Sequence[_Row], by: Step, zone: str) -> Iterable[StepCost]:
    """What each step added to its window's cost, beginning with what the window had before the time shown."""
    calendar = Calendar(uow)
    parts: dict[tuple[str, str], list[tuple[int, UsageCount]]] = {}
    for row, _ in rows:
        parts.setdefault((row.entitlement_id, row.plan_hash), []).append((row.quarter, row.count()))
    for (entitlement_id, plan_hash), counts in sorted(parts.items()):
        plan = plan_of(uow, plan_hash)
        if plan is not None:
            hold = holds[entitlement_id]
            yield from _costs_of(uow, calendar, hold, plan_hash, plan, counts, by, zone)


def _costs_of(
    uow: Uow, calendar: Calendar, hold: UsageHold, plan_hash: str, plan: PricePlan,
    counts: Sequence[tuple[int, UsageCount]], by: Step, zone: str,
) -> Iterable[StepCost]:  # fmt: skip
    units: dict[str, int] = {}
    steps: dict[datetime, list[int]] = {}
    for quarter, count in counts:
        more = rating.quantity(plan, [count])
        label = rating.window_label(plan, calendar.month(hold.organisation_id, quarter))
        if label not in units:
            units[label] = _units_before(uow, calendar, hold, plan_hash, plan, label, counts[0][0])
        before, units[label] = units[label], units[label] + more
        step = steps.setdefault(start_of(quarter, by, zone), [0, 0])
        step[0] += more
        there = _there(uow, hold, plan_hash, plan, label)
        step[1] += _variable(there, units[label]) - _variable(there, before)
    for start, (quantity, amount) in steps.items():
        yield StepCost(start, hold.entitlement_id, quantity, amount, str(hold.currency))


def _there(uow: Uow, hold: UsageHold, plan_hash: str, plan: PricePlan, label: str) -> PricePlan:
    return plan_in(uow.session.get(UsageWindow, (hold.entitlement_id, plan_hash, label)), plan)


def _variable(plan: PricePlan, units: int) -> int:
    return rating.total(rating.rate_metered(plan, units)) - rating.total(rating.rate_metered(plan, 0))


def _units_before(
    uow: Uow, calendar: Calendar, hold: UsageHold, plan_hash: str, plan: PricePlan, label: str, first: int
) -> int:
    mine = (UsageRollup.entitlement_id == hold.entitlement_id, UsageRollup.plan_hash == plan_hash)
    earlier = uow.session.execute(select(UsageRollup).where(*mine, UsageRollup.quarter < first)).scalars()
    inside = (
        row.count()
        for row in earlier
        if rating.window_label(plan, calendar.month(hold.organisation_id, row.quarter)) == label
    )
    return rating.quantity(plan, inside)


def _windows(uow: Uow, holds: dict[str, UsageHold], rows: Iterable[_Row]) -> Iterable[WindowCost]:
    """The windows that the rows lie in, with all that they cost so far."""
    calendar, touched = Calendar(uow), set[tuple[str, str, str]]()
    for row, hold in rows:
        plan = plan_of(uow, row.plan_hash)
        if plan is not None:
            label = rating.window_label(plan, calendar.month(hold.organisation_id, row.quarter))
            touched.add((row.entitlement_id, row.plan_hash, label))
    for entitlement_id, plan_hash, label in sorted(touched):
        window, plan = uow.session.get(UsageWindow, (entitlement_id, plan_hash, label)), plan_of(uow, plan_hash)
        if window is not None and plan is not None:
            yield cost_of_window(uow, holds[entitlement_id], plan, window)
