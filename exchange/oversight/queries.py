"""What officers read: alerts with their evidence, and the map of the trade."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from billing.usage import queries as usage
from compliance.audit import queries as audit
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from exchange.delivery import queries as delivery
from exchange.oversight.errors import AlertNotFound, TimeInvalid
from exchange.oversight.models import Alert
from exchange.oversight.rules import QUARTER_S
from exchange.oversight.types import AlertSnapshot, Flow, TradeMap
from exchange.trading import queries as trading

MONTH = timedelta(days=30)
_LONGEST = timedelta(days=366)


def alerts(
    uow: Uow, actor: Actor, *, open_only: bool = False, organisation_id: str | None = None, cursor: str | None = None,
    limit: int = 25,
) -> Page[AlertSnapshot]:  # fmt: skip
    """The newest first. Raises PolicyRefused."""
    require(actor, "alert:see", Resource("alert", "all"))
    chosen = select(Alert)
    if open_only:
        chosen = chosen.where(Alert.acknowledged_at.is_(None))
    if organisation_id is not None:
        chosen = chosen.where(Alert.organisation_id == organisation_id)
    page = newest_first(uow, chosen, key=Alert.id, purpose="alerts", cursor=cursor, limit=limit)
    return convert(page, lambda row: row.snapshot())


def alert(uow: Uow, actor: Actor, alert_id: str) -> AlertSnapshot:
    """Raises PolicyRefused, AlertNotFound."""
    require(actor, "alert:see", Resource("alert", alert_id))
    row = uow.session.get(Alert, alert_id)
    if row is None:
        raise AlertNotFound()
    return row.snapshot()


def entry_numbers(uow: Uow, alert: AlertSnapshot) -> dict[str, int]:
    """The places in the log of the audit entries among an alert's evidence, and of the alert's own."""
    own = audit.entry_ids_of(uow, alert.id)
    return audit.numbers(uow, [*own, *alert.evidence.get("entries", ())])


def open_alerts(uow: Uow, *, limit: int = 50) -> list[AlertSnapshot]:
    """Those that nobody has acknowledged, the oldest first. Asks no policy: for tasks."""
    chosen = select(Alert).where(Alert.acknowledged_at.is_(None)).order_by(Alert.id).limit(limit)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def open_count(uow: Uow, actor: Actor) -> int:
    """How many nobody has acknowledged. Raises PolicyRefused."""
    require(actor, "alert:see", Resource("alert", "all"))
    return uow.session.execute(select(func.count()).where(Alert.acknowledged_at.is_(None))).scalar_one()


def present(uow: Uow, alert_id: str) -> AlertSnapshot | None:
    """An alert as it is now. Asks no policy: for notices."""
    row = uow.session.get(Alert, alert_id)
    return row.snapshot() if row else None


def trade_map(
    uow: Uow, actor: Actor, *, starts_at: datetime | None = None, ends_at: datetime | None = None
) -> TradeMap:
    """Who supplied whom in a half-open time, the last thirty days unless said. Raises PolicyRefused, TimeInvalid.

    Calls count by whole quarters of an hour that begin in it.
    """
    require(actor, "trade:map", Resource("trade", "all"))
    until = ends_at or uow.now()
    since = starts_at or until - MONTH
    if not since < until <= since + _LONGEST:
        raise TimeInvalid(field="from")
    flows: dict[tuple[str, str, int], Flow] = defaultdict(lambda: Flow("", "", 0))
    for supplier_id, buyer_id, tier, orders, gross in trading.sold(uow, since, until):
        flows[supplier_id, buyer_id, tier] = Flow("", "", 0, orders, gross)
    _add_use(uow, since, until, flows)
    currency = uow.house.settings.currency
    found = [
        replace(flow, supplier_id=supplier_id, buyer_id=buyer_id, tier=tier, currency=currency)
        for (supplier_id, buyer_id, tier), flow in flows.items()
    ]
    found.sort(key=lambda each: (-each.gross, -each.calls, each.supplier_id, each.buyer_id, each.tier))
    return TradeMap(since, until, tuple(found))


def _add_use(uow: Uow, since: datetime, until: datetime, flows: dict[tuple[str, str, int], Flow]) -> None:
    first, end = (-(-int(moment.timestamp()) // QUARTER_S) for moment in (since, until))
    counted = usage.by_meter(uow, first, end)
    handed = delivery.handed_out(uow, since, until)
    parties = trading.parties(uow, {each.order_id for each in counted} | set(handed))
    for each in counted:
        if (whose := parties.get(each.order_id)) is not None:
            flow = flows[whose]
            flows[whose] = replace(flow, calls=flow.calls + each.calls, rows=flow.rows + each.records)
    for order_id, (rows, size) in handed.items():
        flow = flows[parties[order_id]]
        flows[parties[order_id]] = replace(flow, rows=flow.rows + rows, bytes=flow.bytes + size)
