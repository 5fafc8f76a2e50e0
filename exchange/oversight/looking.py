"""What is unusual in what stands in the database: each rule reads, counts, and names what it counted from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from compliance.exports import queries as exports
from compliance.exports.types import Counter, ExportState
from core.actor import Actor
from core.db import Uow
from exchange.delivery import queries as delivery
from exchange.oversight import bursts, habits, rules
from exchange.oversight.bursts import most
from exchange.oversight.thresholds import Thresholds, thresholds
from exchange.oversight.types import MOST_EVIDENCE, Finding, Rule

_OFFICER = Actor(platform_roles=frozenset({"officer"}))


def look(uow: Uow, since: datetime, until: datetime) -> list[Finding]:
    """What is unusual about the days and nights that this time touches."""
    found = thresholds()
    return [
        *habits.of_meters(uow, found, since, until),
        *habits.of_orders(uow, found, since, until),
        *bursts.of_organisations(uow, found, since, until),
        *_traces(uow, found, until),
    ]


def look_abroad(uow: Uow) -> list[Finding]:
    """Exporters whose persons abroad come near a threshold. Counts sets of persons, so it is asked seldom."""
    found: dict[str, Finding] = {}
    for each in exports.counters(uow, _OFFICER):
        for measure, count, threshold in (
            ("persons", each.count.persons, each.next_persons),
            ("sensitive", each.count.sensitive, each.next_sensitive),
        ):
            if threshold is not None and rules.near(count, threshold, thresholds().export_percent):
                seen = _near(uow, each, measure, count, threshold)
                found[seen.key] = seen
    return list(found.values())


def _near(uow: Uow, counter: Counter, measure: str, count: int, threshold: int) -> Finding:
    """Affiliates are one exporter: whichever of them is asked, it is the same thing."""
    sent = exports.exports(uow, counter.members, counter.year)
    orders = [each.order_id for each in sent if each.state != ExportState.RELEASED]
    first, zone = counter.members[0], uow.house.settings.timezone
    whole = [rules.day_of(date(year, 1, 1), zone).starts_at for year in (counter.year, counter.year + 1)]
    return Finding(
        f"{Rule.EXPORTS}:{first}:{counter.year}:{measure}:{threshold}", Rule.EXPORTS, first, first, whole[0], whole[1],
        {"measure": measure, "count": count, "limit": threshold, "orders": len(orders)},
        {"orders": orders[:MOST_EVIDENCE]},
    )  # fmt: skip


def _traces(uow: Uow, found: Thresholds, until: datetime) -> Iterator[Finding]:
    """Each further file that names the buyer is a thing of its own."""
    named: dict[str, dict[str, tuple[datetime, list[str]]]] = defaultdict(dict)
    for case_id, order_id, buyer_id, at in delivery.accused(uow, until - timedelta(days=found.trace_days)):
        named[buyer_id].setdefault(case_id, (at, []))[1].append(order_id)
    for buyer_id, cases in sorted(named.items()):
        if len(cases) < found.trace_cases:
            continue
        newest, (at, _) = list(cases.items())[-1]
        yield Finding(
            f"{Rule.TRACES}:{buyer_id}:{newest}", Rule.TRACES, buyer_id, buyer_id,
            min(first for first, _ in cases.values()), at,
            {"count": len(cases), "limit": found.trace_cases, "days": found.trace_days},
            {"traces": list(cases)[-MOST_EVIDENCE:],
             "orders": most(order_id for _, orders in cases.values() for order_id in orders)},
        )  # fmt: skip
