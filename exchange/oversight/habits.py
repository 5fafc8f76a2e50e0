"""A right beside its own past, by calls, files and rows: nights and days far above those before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.usage import queries as usage
from billing.usage.queries import Counted
from compliance.identity import queries as identity
from core.db import Uow
from exchange.delivery import queries as delivery
from exchange.oversight import rules
from exchange.oversight.rules import Window, quarter_of
from exchange.oversight.thresholds import Habit, Measure, Thresholds
from exchange.oversight.types import Finding, Rule
from exchange.trading import queries as trading

_CALLED = ("calls", "records")
_FETCHED = ("downloads", "rows")


@dataclass(frozen=True)
class Used:
    """The right that is looked at, and whose it is."""

    organisation_id: str
    order_id: str
    listing_id: str
    entitlement_id: str = ""


def of_meters(uow: Uow, found: Thresholds, since: datetime, until: datetime) -> Iterator[Finding]:
    """Of the meters that were busy lately: their days and nights that this time touches."""
    recent = usage.by_quarter(uow, quarter_of(since - timedelta(days=2)), quarter_of(until) + 1)
    least = min(each[name].least for each in (found.nights, found.days) for name in _CALLED if name in each)
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
        used = Used(meter.organisation_id, meter.order_id, meter.listing_id, meter.entitlement_id)
        counts = {name: {each.quarter: getattr(each, name) for each in past[entitlement_id]} for name in _CALLED}
        if used.organisation_id in zones:
            yield from _of(found, used, zones[used.organisation_id], (since, until), counts, first[entitlement_id])


def of_orders(uow: Uow, found: Thresholds, since: datetime, until: datetime) -> Iterator[Finding]:
    """Of the orders whose files and rows were fetched lately: the same."""
    end = until + timedelta(seconds=1)
    busy = Counter[str]()
    for each in delivery.by_quarter(uow, since - timedelta(days=2), end):
        busy[each.order_id] += max(each.downloads, each.rows)
    least = min(each[name].least for each in (found.nights, found.days) for name in _FETCHED)
    orders = [key for key, count in busy.items() if count >= least]
    parties, listings = trading.parties(uow, orders), trading.listings_of(uow, orders)
    first = delivery.first_fetched(uow, orders)
    history = timedelta(days=max(found.night_habit.history, found.day_habit.history) + 4)
    past: dict[str, list[delivery.Fetched]] = defaultdict(list)
    for each in delivery.by_quarter(uow, since - history, end, orders) if orders else ():
        past[each.order_id].append(each)
    buyers = identity.organisations(uow, {buyer for _, buyer, _ in parties.values()})
    for order_id, (_, buyer, _) in parties.items():
        used = Used(buyer, order_id, listings[order_id])
        counts = {name: {each.quarter: getattr(each, name) for each in past[order_id]} for name in _FETCHED}
        yield from _of(found, used, buyers[buyer].timezone, (since, until), counts, first[order_id])


def _of(
    found: Thresholds, used: Used, zone: str, lately: tuple[datetime, datetime],
    counts: Mapping[str, Mapping[int, int]], first: int,
) -> Iterator[Finding]:  # fmt: skip
    for day in rules.days_between(*lately, zone):
        for measure, counted in counts.items():
            if measure in found.nights:
                yield from _night(found, used, zone, day, measure, counted, first)
            yield from _day(found, used, zone, day, measure, counted)


def _night(
    found: Thresholds, used: Used, zone: str, day: date, measure: str, counts: Mapping[int, int], first: int
) -> Iterator[Finding]:
    """Nights since the first use count, also those on which nothing was used."""
    window = rules.night_of(day, zone, found.night)
    earlier = [
        rules.night_of(day - timedelta(days=back), zone, found.night)
        for back in range(found.night_habit.history, 0, -1)
    ]
    before = [rules.within(counts, each) for each in earlier if each.quarters.stop > first]
    limit = found.nights[measure]
    yield from _far_above(Rule.OFF_HOURS, used, window, measure, counts, before, limit, found.night_habit)


def _day(
    found: Thresholds, used: Used, zone: str, day: date, measure: str, counts: Mapping[int, int]
) -> Iterator[Finding]:
    """Days on which the right was used count: one that is used on workdays is not unusual on Monday."""
    window = rules.day_of(day, zone)
    earlier = [rules.day_of(day - timedelta(days=back), zone) for back in range(found.day_habit.history, 0, -1)]
    before = [count for each in earlier if (count := rules.within(counts, each))]
    yield from _far_above(Rule.VOLUME, used, window, measure, counts, before, found.days[measure], found.day_habit)


def _far_above(
    rule: Rule, used: Used, window: Window, measure: str, counts: Mapping[int, int], before: Sequence[int],
    limit: Measure, habit: Habit,
) -> Iterator[Finding]:  # fmt: skip
    seen = rules.unusual(rules.within(counts, window), before, limit, habit)
    if seen is not None:
        yield Finding(
            f"{rule}:{measure}:{used.entitlement_id or used.order_id}:{window.day}", rule, used.organisation_id,
            used.order_id, window.starts_at, window.ends_at,
            {"measure": measure, "count": seen.count, "usual": seen.usual, "known": seen.known, "limit": seen.limit},
            {"orders": [used.order_id], "entitlements": [each for each in (used.entitlement_id,) if each],
             "listings": [used.listing_id]},
        )  # fmt: skip
