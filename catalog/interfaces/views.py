"""HTTP routes of interfaces."""

from __future__ import annotations

from typing import Any

import flask

from catalog.interfaces import openapi, queries, service
from catalog.interfaces.errors import OpenApiTooLarge
from catalog.interfaces.schemas import (
    CredentialIn,
    InterfaceIn,
    InterfaceOut,
    InterfacePageOut,
    OpenApiCheckOut,
    TrialIn,
    TrialOut,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery
from core.house import House
from core.problems import Sentence

api = http.Api("interfaces")


@api.raw(
    "POST", "/openapi-checks", answer=OpenApiCheckOut, status=201,
    summary="Read an OpenAPI 3 document, sent as it is in JSON or YAML, and show its operations",
)  # fmt: skip
def check(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    most = openapi.MOST_BYTES
    raw = b"" if (request.content_length or 0) > most else request.stream.read(most + 1)
    if (request.content_length or 0) > most or len(raw) > most:
        raise OpenApiTooLarge(Sentence("At most %(most)s MiB.", most=most >> 20), most_bytes=most)
    return http.respond(201, http.dump(OpenApiCheckOut, service.check(house, actor, raw)))


@api.get("/openapi-checks/<check_id>", answer=OpenApiCheckOut, summary="A document that was read")
def show_check(uow: Uow, actor: Actor, check_id: str) -> Any:
    return queries.openapi_check(uow, actor, check_id)


@api.post(
    "/interfaces", body=InterfaceIn, answer=InterfaceOut, status=201, idempotent=True,
    summary="Make an interface of operations picked from a document",
)  # fmt: skip
def create(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.create(uow, actor, **body)


@api.get("/my/interfaces", query=PageQuery, answer=InterfacePageOut, summary="Your organisation's interfaces")
def mine(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.mine(uow, actor, **query)


@api.get("/interfaces/<interface_id>", answer=InterfaceOut, summary="An interface of your own")
def show(uow: Uow, actor: Actor, interface_id: str) -> Any:
    return queries.get(uow, actor, interface_id)


@api.put(
    "/interfaces/<interface_id>/credential", body=CredentialIn, answer=InterfaceOut,
    summary="Seal the upstream's credential; it is never shown",
)  # fmt: skip
def set_credential(uow: Uow, actor: Actor, interface_id: str, body: dict[str, Any]) -> Any:
    return service.set_credential(uow, actor, interface_id, **body)


@api.get("/interfaces/<interface_id>/trials", summary="Its trial calls, newest first")
def trials(uow: Uow, actor: Actor, interface_id: str) -> Any:
    return {"items": TrialOut(many=True).dump(queries.trials(uow, actor, interface_id))}


@api.raw(
    "POST", "/interfaces/<interface_id>/trials", body=TrialIn, answer=TrialOut, status=201,
    summary="Call an operation's upstream once, as proof for the review",
)  # fmt: skip
def try_operation(house: House, actor: Actor, request: flask.Request, interface_id: str) -> flask.Response:
    body = http.read_body(TrialIn)
    return http.respond(201, http.dump(TrialOut, service.try_operation(house, actor, interface_id, **body)))
