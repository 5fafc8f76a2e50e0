"""A meter beside its own past: nights and days far above those before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from billing.usage import queries as usage
from billing.usage.queries import Counted
from compliance.identity import queries as identity
from core.db import Uow
from exchange.oversight import rules
from exchange.oversight.rules import Window, quarter_of
from exchange.oversight.thresholds import Habit, Measure, Thresholds
from exchange.oversight.types import Finding, Rule


def of_meters(uow: Uow, found: Thresholds, since: datetime, until: datetime) -> Iterator[Finding]:
    """Of the meters that were busy lately: their days and nights that this time touches."""
    recent = usage.by_quarter(uow, quarter_of(since - timedelta(days=2)), quarter_of(until) + 1)
    least = min(found.nights.least, *(each.least for each in found.days.values()))
    busy = Counter[str]()
    for each in recent:
        busy[each.entitlement_id] += max(each.calls, each.records)
    meters = {each.entitlement_id: each for each in recent if busy[each.entitlement_id] >= least}
    if not meters:
        return
    history = timedelta(days=max(found.night_habit.history, found.day_habit.history) + 4)
    first = usage.first_quarters(uow, meters)
    zones = {
        key: each.timezone
        for key, each in identity.organisations(uow, {each.organisation_id for each in meters.values()}).items()
    }
    past: dict[str, list[Counted]] = defaultdict(list)
    for each in usage.by_quarter(uow, quarter_of(since - history), quarter_of(until) + 1, meters):
        past[each.entitlement_id].append(each)
    for entitlement_id, meter in meters.items():
        zone, counted = zones.get(meter.organisation_id), past[entitlement_id]
        if zone is None:
            continue
        calls = {each.quarter: each.calls for each in counted}
        records = {each.quarter: each.records for each in counted}
        for day in rules.days_between(since, until, zone):
            yield from _night(found, meter, zone, day, calls, first[entitlement_id])
            for measure, counts in (("calls", calls), ("records", records)):
                yield from _day(found, meter, zone, day, measure, counts)


def _night(
    found: Thresholds, meter: Counted, zone: str, day: date, calls: Mapping[int, int], first: int
) -> Iterator[Finding]:
    """Nights since the meter's first call count, also those on which nothing was called."""
    window = rules.night_of(day, zone, found.night)
    earlier = [
        rules.night_of(day - timedelta(days=back), zone, found.night)
        for back in range(found.night_habit.history, 0, -1)
    ]
    before = [rules.within(calls, each) for each in earlier if each.quarters.stop > first]
    yield from _far_above(Rule.OFF_HOURS, meter, window, "calls", calls, before, found.nights, found.night_habit)


def _day(
    found: Thresholds, meter: Counted, zone: str, day: date, measure: str, counts: Mapping[int, int]
) -> Iterator[Finding]:
    """Days on which the meter was used count: one that is used on workdays is not unusual on Monday."""
    window = rules.day_of(day, zone)
    earlier = [rules.day_of(day - timedelta(days=back), zone) for back in range(found.day_habit.history, 0, -1)]
    before = [count for each in earlier if (count := rules.within(counts, each))]
    yield from _far_above(Rule.VOLUME, meter, window, measure, counts, before, found.days[measure], found.day_habit)


def _far_above(
    rule: Rule, meter: Counted, window: Window, measure: str, counts: Mapping[int, int], before: Sequence[int],
    limit: Measure, habit: Habit,
) -> Iterator[Finding]:  # fmt: skip
    seen = rules.unusual(rules.within(counts, window), before, limit, habit)
    if seen is not None:
        yield Finding(
            f"{rule}:{measure}:{meter.entitlement_id}:{window.day}", rule, meter.organisation_id, meter.order_id,
            window.starts_at, window.ends_at,
            {"measure": measure, "count": seen.count, "usual": seen.usual, "known": seen.known, "limit": seen.limit},
            {"orders": [meter.order_id], "entitlements": [meter.entitlement_id], "listings": [meter.listing_id]},
        )  # fmt: skip
