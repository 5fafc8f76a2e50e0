"""HTTP routes of oversight, for officers."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from exchange.oversight import queries, service
from exchange.oversight.schemas import AlertOut, AlertPageOut, AlertsQuery, MapOut, MapQuery, NoteIn

api = http.Api("oversight")


@api.get("/oversight/map", query=MapQuery, answer=MapOut, summary="Who supplied whom, at which tier, how much")
def trade_map(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.trade_map(uow, actor, **query)


@api.get("/oversight/alerts", query=AlertsQuery, answer=AlertPageOut, summary="What is unusual, newest first")
def alerts(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.alerts(uow, actor, **query)


@api.get("/oversight/alerts/<alert_id>", answer=AlertOut, summary="One alert: its figures and what they stand on")
def alert(uow: Uow, actor: Actor, alert_id: str) -> Any:
    return queries.alert(uow, actor, alert_id)


@api.post(
    "/oversight/alerts/<alert_id>/acknowledge", body=NoteIn, answer=AlertOut, idempotent=True,
    summary="Say that you have looked at it, and what came of it",
)  # fmt: skip
def acknowledge(uow: Uow, actor: Actor, alert_id: str, body: dict[str, Any]) -> Any:
    return service.acknowledge(uow, actor, alert_id, **body)
