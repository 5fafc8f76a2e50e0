"""HTTP routes of what was asked."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from catalog.search.asked import queries
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("queries")


class AskedOut(Schema):
    words = fields.String()
    times = fields.Integer()
    nothing = fields.Integer()
    listings = fields.Integer()


class AskedListOut(Schema):
    items = fields.List(fields.Nested(AskedOut))


@api.get("/queries/own", answer=AskedListOut, summary="What people asked for when your listings were shown")
def showed_own(uow: Uow, actor: Actor) -> Any:
    return {"items": queries.showed_own(uow, actor)}


@api.get("/queries/nothing", answer=AskedListOut, summary="What people asked for and nothing was found")
def found_nothing(uow: Uow, actor: Actor) -> Any:
    return {"items": queries.found_nothing(uow, actor)}


@api.get("/queries", answer=AskedListOut, summary="What people asked for, for the platform's people")
def most(uow: Uow, actor: Actor) -> Any:
    return {"items": queries.most(uow, actor)}
