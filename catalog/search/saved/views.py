"""HTTP routes of saved searches."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from catalog.search.saved import service
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, TextField, UtcField

api = http.Api("saved searches")


class SavedSearchIn(Schema):
    """Words, filters (values by the name of a facet), or both."""

    name = TextField(load_default="", longest=100)
    text = TextField(load_default="", longest=service.LONGEST_TEXT)
    filters = fields.Dict(
        keys=fields.String(), values=fields.List(TextField(shortest=1, longest=60)), load_default=dict
    )


class SavedSearchOut(Schema):
    id = fields.String()
    name = fields.String()
    text = fields.String()
    filters = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    created_at = UtcField()
    checked_at = UtcField(allow_none=True)


class SavedSearchesOut(Schema):
    items = fields.List(fields.Nested(SavedSearchOut))


@api.get("/saved-searches", answer=SavedSearchesOut, summary="The searches that your organisation keeps")
def own(uow: Uow, actor: Actor) -> Any:
    return {"items": service.own(uow, actor)}


@api.post(
    "/saved-searches", body=SavedSearchIn, answer=SavedSearchOut, status=201, idempotent=True,
    summary="Keep a search: your buyers are told of what it finds",
)  # fmt: skip
def save(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.save(uow, actor, **body)


@api.post("/saved-searches/<search_id>/drop", body=NoFields, status=204, summary="Forget a saved search")
def drop(uow: Uow, actor: Actor, search_id: str, body: dict[str, Any]) -> Any:
    service.drop(uow, actor, search_id)
