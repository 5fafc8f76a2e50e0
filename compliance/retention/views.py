"""HTTP routes of legal holds."""

from __future__ import annotations

from typing import Any

from compliance.retention import queries, service
from compliance.retention.schemas import HoldIn, HoldOut, HoldPageOut, HoldReleaseIn, HoldsQuery
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("retention")


@api.get("/holds", query=HoldsQuery, answer=HoldPageOut, summary="Legal holds, newest first, for compliance officers")
def list_holds(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.holds(uow, actor, **query)


@api.post("/holds", body=HoldIn, answer=HoldOut, status=201, idempotent=True, summary="Let nothing of it be erased")
def place(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.place_hold(uow, actor, **body)


@api.post(
    "/holds/<hold_id>/release", body=HoldReleaseIn, answer=HoldOut, idempotent=True,
    summary="Let a legal hold go, for an officer who did not place it",
)  # fmt: skip
def release(uow: Uow, actor: Actor, hold_id: str, body: dict[str, Any]) -> Any:
    return service.release_hold(uow, actor, hold_id, **body)
