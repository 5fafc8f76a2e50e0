"""HTTP routes of dead letters, for operators."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from exchange.undelivered import service
from exchange.undelivered.schemas import DropIn, UndeliveredOut, UndeliveredPageOut, UndeliveredQuery

api = http.Api("undelivered")


@api.get(
    "/undelivered", query=UndeliveredQuery, answer=UndeliveredPageOut,
    summary="Events that a subscriber refused too often, the oldest first",
)  # fmt: skip
def listed(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return service.listed(uow, actor, **query)


@api.post("/undelivered/<int:number>/retry", answer=UndeliveredOut, idempotent=True, summary="Let it be tried anew")
def retry(uow: Uow, actor: Actor, number: int) -> Any:
    return service.retry(uow, actor, number)


@api.post(
    "/undelivered/<int:number>/drop", body=DropIn, answer=UndeliveredOut, idempotent=True,
    summary="Give it up, for a reason",
)  # fmt: skip
def drop(uow: Uow, actor: Actor, number: int, body: dict[str, Any]) -> Any:
    return service.drop(uow, actor, number, **body)
