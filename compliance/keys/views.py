"""HTTP routes of keys. Those that show a key keep no answer for an idempotency key: it would be the key in clear."""

from __future__ import annotations

from typing import Any

from compliance.keys import queries, service
from compliance.keys.schemas import KeyIn, KeyOut, KeyPageOut, KeyRotateIn, MadeKeyOut
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, PageQuery

api = http.Api("keys")


@api.get("/keys", query=PageQuery, answer=KeyPageOut, summary="Your organisation's API keys, newest first")
def list_keys(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.keys(uow, actor, **query)


@api.post("/keys", body=KeyIn, answer=MadeKeyOut, status=201, summary="Make an API key; it is shown this once")
def create(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.create(uow, actor, **body)


@api.get("/keys/<key_id>", answer=KeyOut, summary="An API key, without the key itself")
def show(uow: Uow, actor: Actor, key_id: str) -> Any:
    return queries.get(uow, actor, key_id)


@api.post(
    "/keys/<key_id>/rotate", body=KeyRotateIn, answer=MadeKeyOut, status=201,
    summary="Make its successor, shown this once; the old key ends after the overlap",
)  # fmt: skip
def rotate(uow: Uow, actor: Actor, key_id: str, body: dict[str, Any]) -> Any:
    return service.rotate(uow, actor, key_id, **body)


@api.post("/keys/<key_id>/revoke", body=NoFields, answer=KeyOut, summary="End an API key now")
def revoke(uow: Uow, actor: Actor, key_id: str, body: dict[str, Any]) -> Any:
    return service.revoke(uow, actor, key_id)
