"""Refusals: many in a short time, and those that say what a licence does not cover."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from compliance.identity import queries as identity
from core.db import Uow
from core.ids import is_id
from exchange.oversight import refusals, rules
from exchange.oversight.models import RefusedDeed
from exchange.oversight.rules import QUARTER_S, Window, quarter_of
from exchange.oversight.thresholds import Thresholds
from exchange.oversight.types import MOST_EVIDENCE, Finding, Rule
from exchange.sidecar import refusing
from exchange.sidecar.refusing import Declined
from exchange.trading import queries as trading


def of_organisations(uow: Uow, found: Thresholds, since: datetime, until: datetime) -> Iterator[Finding]:
    """Of whoever was refused lately, by local days that this time touches."""
    start = since - timedelta(days=2)
    declined = refusing.counted(uow, quarter_of(start), quarter_of(until) + 1)
    deeds = refusals.between(uow, start, until + timedelta(seconds=1))
    ids = {each.organisation_id for each in declined} | {each.organisation_id for each in deeds}
    for organisation_id, own in identity.organisations(uow, ids).items():
        calls = [each for each in declined if each.organisation_id == organisation_id]
        acts = [each for each in deeds if each.organisation_id == organisation_id]
        for day in rules.days_between(since, until, own.timezone):
            window = rules.day_of(day, own.timezone)
            links = [each for each in calls if each.code in found.link_codes]
            others = [each for each in calls if each.code not in found.link_codes]
            yield from _burst_of_calls(found, organisation_id, window, "calls", others, found.burst_calls)
            yield from _burst_of_calls(found, organisation_id, window, "links", links, found.burst_links)
            yield from _burst_of_deeds(found, organisation_id, window, acts)
            yield from _drift(uow, found, organisation_id, window, calls, acts)


def _burst_of_calls(
    found: Thresholds, organisation_id: str, window: Window, measure: str, calls: Sequence[Declined], limit: int
) -> Iterator[Finding]:
    counts = Counter[int]()
    for each in calls:
        counts[each.quarter] += each.calls
    long = found.burst_minutes * 60 // QUARTER_S
    first, count = rules.densest(counts, long, window.quarters)
    if count < limit:
        return
    among = [each for each in calls if first <= each.quarter < first + long]
    yield _burst(
        found, organisation_id, window, measure, (first, count, limit), refusing.kinds_of(among),
        {"listings": most(each.listing_id for each in among)},
    )  # fmt: skip


def _burst_of_deeds(
    found: Thresholds, organisation_id: str, window: Window, deeds: Sequence[RefusedDeed]
) -> Iterator[Finding]:
    counts = Counter(quarter_of(each.at) for each in deeds)
    long = found.burst_minutes * 60 // QUARTER_S
    first, count = rules.densest(counts, long, window.quarters)
    if count < found.burst_deeds:
        return
    among = [each for each in deeds if first <= quarter_of(each.at) < first + long]
    yield _burst(
        found, organisation_id, window, "deeds", (first, count, found.burst_deeds),
        dict(Counter(each.code for each in among)),
        {"entries": [each.entry_id for each in among][-MOST_EVIDENCE:]} | _things(among),
    )  # fmt: skip


def _burst(
    found: Thresholds, organisation_id: str, window: Window, measure: str, seen: tuple[int, int, int],
    codes: Mapping[str, int], evidence: Mapping[str, Sequence[str]],
) -> Finding:  # fmt: skip
    first, count, limit = seen
    begins = datetime.fromtimestamp(first * QUARTER_S, UTC)
    return Finding(
        f"{Rule.REFUSALS}:{measure}:{organisation_id}:{window.day}", Rule.REFUSALS, organisation_id, organisation_id,
        begins, begins + timedelta(minutes=found.burst_minutes),
        {"measure": measure, "count": count, "limit": limit, "codes": dict(sorted(codes.items()))}, evidence,
    )  # fmt: skip


def _drift(
    uow: Uow, found: Thresholds, organisation_id: str, window: Window, calls: Sequence[Declined],
    deeds: Sequence[RefusedDeed],
) -> Iterator[Finding]:  # fmt: skip
    """By listing. A deed is about a listing or an order of it; what is about neither counts nowhere."""
    by_listing: dict[str, Counter[str]] = defaultdict(Counter)
    entries: dict[str, list[str]] = defaultdict(list)
    for call in calls:
        if call.code in found.drift_codes and call.quarter in window.quarters:
            by_listing[call.listing_id][call.code] += call.calls
    asked = [each for each in deeds if each.code in found.drift_codes and window.starts_at <= each.at < window.ends_at]
    listings = trading.listings_of(uow, [each.subject_id for each in asked if is_id("ord", each.subject_id)])
    for deed in asked:
        listing_id = listings.get(deed.subject_id, deed.subject_id)
        if is_id("lst", listing_id):
            by_listing[listing_id][deed.code] += 1
            entries[listing_id].append(deed.entry_id)
    for listing_id, codes in sorted(by_listing.items()):
        count = sum(codes.values())
        if count >= found.drift_uses:
            yield Finding(
                f"{Rule.DRIFT}:{organisation_id}:{listing_id}:{window.day}", Rule.DRIFT, organisation_id, listing_id,
                window.starts_at, window.ends_at,
                {"count": count, "limit": found.drift_uses, "codes": dict(sorted(codes.items()))},
                {"listings": [listing_id], "orders": trading.orders_of(uow, organisation_id, listing_id),
                 "entries": entries[listing_id][-MOST_EVIDENCE:]},
            )  # fmt: skip


def _things(deeds: Iterable[RefusedDeed]) -> dict[str, list[str]]:
    """The listings and orders that refusals were about."""
    ids = [each.subject_id for each in deeds]
    return {
        name: most(each for each in ids if is_id(prefix, each))
        for name, prefix in (("orders", "ord"), ("listings", "lst"))
    }


def most(ids: Iterable[str]) -> list[str]:
    """The most frequent ones."""
    return [each for each, _ in Counter(ids).most_common(MOST_EVIDENCE)]
