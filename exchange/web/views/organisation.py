"""The own organisation: its particulars, who it belongs to, handing it over, closing it."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from compliance.identity import ownership, queries
from core.db import Uow
from core.problems import DomainError, NotFound
from exchange.web import forms
from exchange.web.session import actor, drop_session
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class OtpForm(Schema):
    otp = fields.String(required=True, validate=validate.Length(max=40))


class OfferForm(OtpForm):
    account_id = fields.String(required=True, validate=validate.Length(min=1, max=40))


@pages.get("/settings/organisation", endpoint="organisation")
def show_organisation(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    if actor().organisation_id is None:
        raise NotFound()
    return render("settings/organisation.html", problem.status if problem else 200, problem=problem, **read(_shown))


def _shown(uow: Uow) -> dict[str, Any]:
    who = actor()
    own = queries.organisation(uow, who.organisation_id or "")
    group = queries.organisations(uow, queries.group_of(uow, own.id))
    people = queries.members(uow, who)
    heirs = [each for each in people if each.kind == "person" and each.id != who.account_id]
    return {
        "own": own, "group": [each for each in group.values() if each.id != own.id], "heirs": heirs,
        "names": {each.id: each.name for each in people}, "transfer": ownership.waiting_transfer(uow, who),
    }  # fmt: skip


@pages.post("/settings/ownership")
@again(show_organisation)
def offer_ownership() -> Response:
    signed_in()
    form = forms.load(OfferForm)
    act(lambda uow: ownership.offer(uow, actor(), account_id=form["account_id"], otp=form["otp"]))
    return done("ownership-offered", "web.organisation")


@pages.post("/settings/ownership/<transfer_id>/accept")
def accept_ownership(transfer_id: str) -> Response:
    signed_in()
    try:
        form = forms.load(OtpForm)
        act(lambda uow: ownership.accept(uow, actor(), transfer_id, form["otp"]))
    except DomainError as problem:
        return show_organisation(problem)
    return done("ownership-accepted", "web.organisation")


@pages.post("/settings/ownership/<transfer_id>/withdraw")
def withdraw_ownership(transfer_id: str) -> Response:
    signed_in()
    act(lambda uow: ownership.withdraw(uow, actor(), transfer_id))
    return done("ownership-withdrawn", "web.organisation")


@pages.post("/settings/organisation/close")
def close_organisation() -> Response:
    signed_in()
    try:
        form = forms.load(OtpForm)
        act(lambda uow: ownership.close(uow, actor(), form["otp"]))
    except DomainError as problem:
        return show_organisation(problem)
    response = done("organisation-closed", "web.home")
    drop_session(response)
    return response
