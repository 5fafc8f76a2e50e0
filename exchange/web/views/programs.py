"""Keys and OAuth clients of an organisation's programs: made, shown once, rotated, revoked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from catalog.listings import queries as listings
from compliance.identity import queries as identity
from compliance.keys import queries as keys
from compliance.keys import service as key_service
from compliance.keys.rules import LONGEST_OVERLAP_HOURS
from compliance.keys.types import Mode
from compliance.oauth import queries as clients
from compliance.oauth import service as client_service
from compliance.policy import Resource, decide
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.trading import queries as trading
from exchange.web import forms
from exchange.web.explain import card
from exchange.web.session import actor, house
from exchange.web.shell import act, done, pages, read, render, signed_in

_MOST_SHOWN = 100
LIVES_DAYS = (30, 90, 180, 365)


class CredentialForm(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["key", "client"]))
    name = TextField(required=True, shortest=1, longest=100)
    mode = fields.String(required=True, validate=validate.OneOf([str(mode) for mode in Mode]))
    listing_id = fields.String(load_default="")
    days = fields.Integer(load_default=0, validate=validate.OneOf([0, *LIVES_DAYS]))


class OverlapForm(Schema):
    overlap_hours = fields.Integer(load_default=24, validate=validate.Range(min=0, max=LONGEST_OVERLAP_HOURS))


@pages.get("/keys")
def programs(problem: DomainError | None = None, made: dict[str, str] | None = None) -> flask.Response:
    signed_in()
    status = problem.status if problem else 201 if made else 200
    found = read(_programs)
    return render(
        "programs/keys.html", status, problem=problem, made=made, form=flask.request.form, lives=LIVES_DAYS,
        issuer=house().settings.web_address, gateway=house().settings.gateway_address, **found,
    )  # fmt: skip


def _programs(uow: Uow) -> dict[str, Any]:
    who = actor()
    organisation = identity.organisation(uow, who.organisation_id or "")
    own = Resource("key", organisation.id, {"owner": organisation.id, "organisation_state": organisation.state})
    found: dict[str, Any] = {"keys": keys.keys(uow, who, limit=_MOST_SHOWN).items}
    found |= {
        "clients": clients.clients(uow, who, limit=_MOST_SHOWN).items,
        "may": card(decide(who, "key:create", own)),
    }
    bought = [order for order in trading.orders(uow, who, limit=_MOST_SHOWN).items if order.buyer_id == own.id]
    titles = {order.listing_id: order.title for order in bought if order.kind == "interface"}
    named = {each for row in (*found["keys"], *found["clients"]) for each in row.listing_ids or ()}
    others = {each.id: each.title for each in listings.many(uow, named - titles.keys()).values()}
    return found | {"interfaces": titles, "titles": others | titles}


@pages.post("/keys")
def make_program() -> Response:
    """The answer itself shows the secret: there is no second place where it could be read."""
    signed_in()
    try:
        form = forms.load(CredentialForm, keep_empty=False)
        return programs(made=act(lambda uow: _made(uow, form)))
    except DomainError as problem:
        return programs(problem)


def _made(uow: Uow, form: dict[str, Any]) -> dict[str, str]:
    scope = {"name": form["name"], "mode": form["mode"]}
    only = (form["listing_id"],) if form["listing_id"] else None
    if form["kind"] == "client":
        client = client_service.register(uow, actor(), **scope, listing_ids=only)
        return {"kind": "client", "id": client.snapshot.id, "secret": client.client_secret}
    ends = uow.now() + timedelta(days=form["days"]) if form["days"] else None
    key = key_service.create(uow, actor(), **scope, listing_ids=only, expires_at=ends)
    return {"kind": "key", "id": key.snapshot.id, "secret": key.key, "listing": form["listing_id"]}


@pages.post("/keys/<key_id>/rotate")
def rotate_key(key_id: str) -> Response:
    signed_in()
    try:
        hours = forms.load(OverlapForm)["overlap_hours"]
        made = act(lambda uow: key_service.rotate(uow, actor(), key_id, overlap_hours=hours))
    except DomainError as problem:
        return programs(problem)
    return programs(made={"kind": "key", "id": made.snapshot.id, "secret": made.key, "listing": ""})


@pages.post("/keys/<key_id>/revoke")
def revoke_key(key_id: str) -> Response:
    signed_in()
    act(lambda uow: key_service.revoke(uow, actor(), key_id))
    return done("key-revoked", "web.programs")


@pages.post("/clients/<client_id>/rotate")
def rotate_client(client_id: str) -> Response:
    signed_in()
    try:
        hours = forms.load(OverlapForm)["overlap_hours"]
        made = act(lambda uow: client_service.rotate_secret(uow, actor(), client_id, overlap_hours=hours))
    except DomainError as problem:
        return programs(problem)
    return programs(made={"kind": "client", "id": made.snapshot.id, "secret": made.client_secret})


@pages.post("/clients/<client_id>/revoke")
def revoke_client(client_id: str) -> Response:
    signed_in()
    act(lambda uow: client_service.revoke(uow, actor(), client_id))
    return done("client-revoked", "web.programs")
