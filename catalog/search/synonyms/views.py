"""HTTP routes of the operators' dictionary."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from catalog.search.synonyms import service
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, TextField, UtcField

api = http.Api("synonyms")


class SynonymsIn(Schema):
    words = fields.List(
        TextField(shortest=1, longest=service.LONGEST_WORD), required=True,
        validate=validate.Length(min=2, max=service.MOST_WORDS),
    )  # fmt: skip


class SynonymsOut(Schema):
    id = fields.String()
    words = fields.List(fields.String())
    created_at = UtcField()


class DictionaryOut(Schema):
    items = fields.List(fields.Nested(SynonymsOut))


@api.get("/synonyms", answer=DictionaryOut, summary="The exchange's own synonyms, for operators")
def lines(uow: Uow, actor: Actor) -> Any:
    return {"items": service.lines(uow, actor)}


@api.post("/synonyms", body=SynonymsIn, answer=SynonymsOut, status=201, idempotent=True, summary="Add synonyms")
def add(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.add(uow, actor, **body)


@api.put("/synonyms/<line_id>", body=SynonymsIn, answer=SynonymsOut, summary="Change a line of synonyms")
def change(uow: Uow, actor: Actor, line_id: str, body: dict[str, Any]) -> Any:
    return service.change(uow, actor, line_id, **body)


@api.post("/synonyms/<line_id>/remove", body=NoFields, status=204, summary="Remove a line of synonyms")
def remove(uow: Uow, actor: Actor, line_id: str, body: dict[str, Any]) -> Any:
    service.remove(uow, actor, line_id)
