"""Moving the clock of a demonstration; the route exists outside production only."""

from __future__ import annotations

import json
from datetime import timedelta

import flask
from marshmallow import Schema, fields, validate

from compliance.audit.service import record
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.problems import Forbidden

api = http.Api("clock")


class AdvanceIn(Schema):
    hours = fields.Integer(required=True, validate=validate.Range(min=1, max=24 * 366))


@api.get("/clock", who=http.ANYONE, summary="The exchange's time, which may be ahead of yours (not in production)")
def show(uow: Uow, actor: Actor) -> dict[str, str]:
    return {"now": uow.now().isoformat().replace("+00:00", "Z")}


@api.raw("POST", "/clock/advance", body=AdvanceIn, summary="Move the exchange's clock forwards (not in production)")
def advance(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    if not actor.platform("operator"):
        raise Forbidden("Only an operator moves the clock.")
    body = http.read_body(AdvanceIn)

    def note(uow: Uow) -> None:
        record(uow, actor, action="clock:advance", object_id="clock", data={"hours": str(body["hours"])})

    house.db.write(note)
    now = house.clock.advance(timedelta(hours=body["hours"]))
    return flask.Response(json.dumps({"now": now.isoformat().replace("+00:00", "Z")}), mimetype="application/json")


def include(house: House) -> None:
    if not house.settings.production:
        house.add_api(api)
