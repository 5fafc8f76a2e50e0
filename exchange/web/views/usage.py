"""Usage of interfaces: what is called, how it ends, what it costs so far, and each call with its proof."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import flask
from marshmallow import ValidationError

from billing.usage import queries
from billing.usage.types import Standing, Step, Usage, UsageSum
from catalog.listings import queries as listings
from core.db import Uow
from core.fields import UtcField
from exchange.trading import queries as trading
from exchange.web import charts
from exchange.web.session import actor
from exchange.web.shell import pages, read, render, signed_in

_MOST_RIGHTS = 100


@dataclass(frozen=True)
class Row:
    """One operation's calls over the time shown."""

    listing_id: str
    operation: str
    calls: dict[str, int]
    latency_us: int

    @property
    def total(self) -> int:
        return sum(self.calls.values())

    @property
    def mean_ms(self) -> float:
        return self.latency_us / self.total / 1000 if self.total else 0.0


@pages.get("/usage")
def usage_page() -> flask.Response:
    signed_in()
    chosen = flask.request.args.get("entitlement") or None
    by = Step.HOUR if flask.request.args.get("by") == "hour" else Step.DAY
    until = _moment(flask.request.args.get("until", ""))
    shown = read(lambda uow: _usage(uow, chosen, by, until))
    return render("money/usage.html", chosen=chosen, by=str(by), earlier=shown["usage"].starts_at, **shown)


def _moment(text: str) -> datetime | None:
    """The time in the address; one that cannot be read is left out."""
    try:
        return UtcField().deserialize(text)
    except ValidationError:
        return None


def _usage(uow: Uow, chosen: str | None, by: Step, until: datetime | None) -> dict[str, Any]:
    who = actor()
    found = queries.usage(uow, who, entitlement_id=chosen, by=by, ends_at=until)
    calls = queries.calls(uow, who, entitlement_id=chosen, cursor=flask.request.args.get("cursor"), limit=12)
    rights = {
        order.entitlement.id: order
        for order in trading.orders(uow, who, limit=_MOST_RIGHTS).items
        if order.entitlement and order.kind == "interface"
    }
    ids = {each.listing_id for each in found.sums} | {order.listing_id for order in rights.values()}
    return {
        "usage": found, "calls": calls, "rights": rights, "titles": _titles(uow, ids), "rows": _rows(found.sums),
        "chart": charts.stacked(_columns(found)), "standing": _standing(uow, chosen),
        "columns": [(word, calls) for word, calls in _columns(found) if calls],
    }  # fmt: skip


def _titles(uow: Uow, ids: Iterable[str]) -> dict[str, Any]:
    return {found.id: found.title for found in listings.many(uow, ids).values()}


def _standing(uow: Uow, chosen: str | None) -> Standing | None:
    return queries.standing(uow, actor(), chosen) if chosen else None


def _rows(sums: Iterable[UsageSum]) -> list[Row]:
    rows: dict[tuple[str, str], tuple[dict[str, int], int]] = {}
    for each in sums:
        calls, latency = rows.get((each.listing_id, each.operation), ({}, 0))
        calls[each.outcome] = calls.get(each.outcome, 0) + each.calls
        rows[each.listing_id, each.operation] = calls, latency + each.latency_us
    return [Row(*key, calls, latency) for key, (calls, latency) in sorted(rows.items())]


def _columns(found: Usage) -> list[tuple[str, dict[str, int]]]:
    """Every hour or day of the time shown, also those without a call, in the zone of the answer."""
    zone = ZoneInfo(found.zone)
    form = "%H:%M" if found.by is Step.HOUR else "%m-%d"
    calls: dict[datetime, dict[str, int]] = {}
    for each in found.sums:
        counted = calls.setdefault(each.starts_at.astimezone(zone), {})
        counted[each.outcome] = counted.get(each.outcome, 0) + each.calls
    moment = _begin(found.starts_at.astimezone(zone), found.by)
    columns = []
    while moment < found.ends_at:
        columns.append((moment.strftime(form), calls.get(moment, {})))
        moment = _begin((moment + _STEPS[found.by]).astimezone(zone), found.by)
    return columns


_STEPS = {Step.HOUR: timedelta(hours=1), Step.DAY: timedelta(days=1)}


def _begin(moment: datetime, by: Step) -> datetime:
    hour = moment.hour if by is Step.HOUR else 0
    return moment.replace(hour=hour, minute=0, second=0, microsecond=0)
