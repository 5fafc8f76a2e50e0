"""HTTP routes of documents. Bodies are raw bytes."""

from __future__ import annotations

from typing import Any

import flask

from compliance.documents import queries, service
from compliance.documents.schemas import DocumentOut
from compliance.documents.types import MOST_BYTES
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House

api = http.Api("documents")


@api.raw("POST", "/documents", answer=DocumentOut, status=201, summary="Hand in a document: raw bytes, ?name=")
def hand_in(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    content = request.stream.read(min(request.content_length or 0, MOST_BYTES + 1))
    made = service.hand_in(house, actor, name=request.args.get("name", ""), content=content)
    return http.respond(201, DocumentOut().dump(made))


@api.get("/documents/<document_id>", answer=DocumentOut, summary="What a document is")
def show(uow: Uow, actor: Actor, document_id: str) -> Any:
    return queries.get(uow, actor, document_id)


@api.raw("GET", "/documents/<document_id>/content", summary="Its bytes; the reading is recorded")
def content(house: House, actor: Actor, request: flask.Request, document_id: str) -> flask.Response:
    found, raw = service.read(house, actor, document_id)
    return http.attachment(found.name, raw)
