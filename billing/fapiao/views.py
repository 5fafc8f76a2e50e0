"""HTTP routes of fapiao."""

from __future__ import annotations

from typing import Any

from billing.fapiao import queries, service
from billing.fapiao.schemas import FapiaoIn, FapiaoIssuedIn, FapiaoOut, FapiaoPageOut, FapiaoQuery, FapiaoRefusedIn
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("fapiao")


@api.post(
    "/invoices/<invoice_id>/fapiao", body=FapiaoIn, answer=FapiaoOut, status=201, idempotent=True,
    summary="Ask for a fapiao of your invoice",
)  # fmt: skip
def request(uow: Uow, actor: Actor, invoice_id: str, body: dict[str, Any]) -> Any:
    return service.request(uow, actor, invoice_id, **body)


@api.get("/fapiao", query=FapiaoQuery, answer=FapiaoPageOut, summary="Fapiao that were asked for, newest first")
def listed(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.listed(uow, actor, **query)


@api.get("/fapiao/<request_id>", answer=FapiaoOut, summary="One of them")
def show(uow: Uow, actor: Actor, request_id: str) -> Any:
    return queries.get(uow, actor, request_id)


@api.post(
    "/fapiao/<request_id>/issue", body=FapiaoIssuedIn, answer=FapiaoOut, idempotent=True,
    summary="Record the number that was issued (finance)",
)  # fmt: skip
def issue(uow: Uow, actor: Actor, request_id: str, body: dict[str, Any]) -> Any:
    return service.issue(uow, actor, request_id, **body)


@api.post(
    "/fapiao/<request_id>/refuse", body=FapiaoRefusedIn, answer=FapiaoOut, idempotent=True,
    summary="Say why none is issued (finance)",
)  # fmt: skip
def refuse(uow: Uow, actor: Actor, request_id: str, body: dict[str, Any]) -> Any:
    return service.refuse(uow, actor, request_id, **body)
