"""HTTP routes of webhooks."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, PageQuery
from exchange.webhooks import queries, service
from exchange.webhooks.schemas import (
    AttemptOut,
    EndpointChange,
    EndpointIn,
    EndpointOut,
    MadeEndpointOut,
    SentMessageOut,
    SentMessagePageOut,
)

api = http.Api("webhooks")


@api.get("/webhooks", summary="Your organisation's endpoints of webhooks")
def endpoints(uow: Uow, actor: Actor) -> Any:
    return {"items": EndpointOut(many=True).dump(queries.endpoints(uow, actor))}


@api.post("/webhooks", body=EndpointIn, answer=MadeEndpointOut, status=201, summary="A new endpoint; its secret once")
def create(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.create(uow, actor, **body)


@api.get("/webhooks/<endpoint_id>", answer=EndpointOut, summary="One endpoint")
def show(uow: Uow, actor: Actor, endpoint_id: str) -> Any:
    return queries.get(uow, actor, endpoint_id)


@api.put("/webhooks/<endpoint_id>", body=EndpointChange, answer=EndpointOut, summary="Change an endpoint, on or off")
def change(uow: Uow, actor: Actor, endpoint_id: str, body: dict[str, Any]) -> Any:
    return service.change(uow, actor, endpoint_id, **body)


@api.delete("/webhooks/<endpoint_id>", summary="Remove an endpoint and what was sent to it")
def remove(uow: Uow, actor: Actor, endpoint_id: str) -> None:
    service.remove(uow, actor, endpoint_id)


@api.post(
    "/webhooks/<endpoint_id>/rotate", body=NoFields, answer=MadeEndpointOut, status=201,
    summary="A new secret, shown once; for a day both sign",
)  # fmt: skip
def rotate(uow: Uow, actor: Actor, endpoint_id: str, body: dict[str, Any]) -> Any:
    return service.rotate(uow, actor, endpoint_id)


@api.post(
    "/webhooks/<endpoint_id>/test", body=NoFields, answer=SentMessageOut, status=201, summary="Send a test message"
)  # fmt: skip
def test(uow: Uow, actor: Actor, endpoint_id: str, body: dict[str, Any]) -> Any:
    return service.test(uow, actor, endpoint_id)


@api.get(
    "/webhooks/<endpoint_id>/messages", query=PageQuery, answer=SentMessagePageOut,
    summary="What was sent to it, newest first",
)  # fmt: skip
def messages(uow: Uow, actor: Actor, endpoint_id: str, query: dict[str, Any]) -> Any:
    return queries.messages(uow, actor, endpoint_id, **query)


@api.get("/webhooks/<endpoint_id>/messages/<message_id>/attempts", summary="Each sending of a message")
def attempts(uow: Uow, actor: Actor, endpoint_id: str, message_id: str) -> Any:
    return {"items": AttemptOut(many=True).dump(queries.attempts(uow, actor, endpoint_id, message_id))}


@api.post(
    "/webhooks/<endpoint_id>/messages/<message_id>/redeliver", body=NoFields, answer=SentMessageOut,
    summary="Send a message again now",
)  # fmt: skip
def redeliver(uow: Uow, actor: Actor, endpoint_id: str, message_id: str, body: dict[str, Any]) -> Any:
    return service.redeliver(uow, actor, endpoint_id, message_id)
