"""Endpoints of webhooks: addresses, secrets, and the log of what was sent."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from compliance.policy import decide
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.explain import card
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.webhooks import queries, service
from exchange.webhooks.types import TYPES


class EndpointForm(Schema):
    url = TextField(required=True, shortest=8, longest=500)
    description = TextField(load_default="", longest=200)
    types = fields.List(fields.String(validate=validate.OneOf(TYPES)), load_default=())


class ChangeForm(EndpointForm):
    on = fields.Boolean(load_default=False)


@pages.get("/webhooks")
def webhooks(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    found = read(_list)
    return render(
        "webhooks/list.html", problem.status if problem else 200, problem=problem, form=flask.request.form,
        types=TYPES, **found,
    )  # fmt: skip


def _list(uow: Uow) -> dict[str, Any]:
    return {
        "endpoints": queries.endpoints(uow, actor()),
        "may": card(decide(actor(), "webhook:create", queries.own(actor()))),
    }


@pages.post("/webhooks")
def make_webhook() -> Response:
    """The answer itself shows the secret: there is no second place where it could be read."""
    signed_in()
    try:
        form = forms.load_lists(EndpointForm, "types")
        made = act(lambda uow: service.create(uow, actor(), **form))
    except DomainError as problem:
        return webhooks(problem)
    return webhook(made.snapshot.id, secret=made.secret)


@pages.get("/webhooks/<endpoint_id>")
def webhook(endpoint_id: str, problem: DomainError | None = None, secret: str = "") -> flask.Response:
    signed_in()
    found = read(lambda uow: _one(uow, endpoint_id))
    status = problem.status if problem else 201 if secret else 200
    return render("webhooks/show.html", status, problem=problem, secret=secret, types=TYPES, **found)


def _one(uow: Uow, endpoint_id: str) -> dict[str, Any]:
    who, args = actor(), flask.request.args
    page = queries.messages(uow, who, endpoint_id, cursor=args.get("cursor"), limit=25)
    return {
        "endpoint": queries.get(uow, who, endpoint_id), "messages": page.items, "next_cursor": page.next_cursor,
        "attempts": queries.attempts_of(uow, [each.id for each in page.items]),
    }  # fmt: skip


@pages.post("/webhooks/<endpoint_id>")
@again(webhook)
def change_webhook(endpoint_id: str) -> Response:
    signed_in()
    form = forms.load_lists(ChangeForm, "types")
    act(lambda uow: service.change(uow, actor(), endpoint_id, **form))
    return done("webhook-saved", "web.webhook", endpoint_id=endpoint_id)


@pages.post("/webhooks/<endpoint_id>/rotate")
def rotate_webhook(endpoint_id: str) -> Response:
    signed_in()
    made = act(lambda uow: service.rotate(uow, actor(), endpoint_id))
    return webhook(endpoint_id, secret=made.secret)


@pages.post("/webhooks/<endpoint_id>/test")
def test_webhook(endpoint_id: str) -> Response:
    signed_in()
    act(lambda uow: service.test(uow, actor(), endpoint_id))
    return done("webhook-sent", "web.webhook", endpoint_id=endpoint_id)


@pages.post("/webhooks/<endpoint_id>/remove")
def remove_webhook(endpoint_id: str) -> Response:
    signed_in()
    act(lambda uow: service.remove(uow, actor(), endpoint_id))
    return done("webhook-removed", "web.webhooks")


@pages.post("/webhooks/<endpoint_id>/messages/<message_id>/redeliver")
def redeliver_webhook(endpoint_id: str, message_id: str) -> Response:
    signed_in()
    act(lambda uow: service.redeliver(uow, actor(), endpoint_id, message_id))
    return done("webhook-sent", "web.webhook", endpoint_id=endpoint_id)
