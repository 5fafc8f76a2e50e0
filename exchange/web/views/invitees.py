"""Whom a supplier lets see a listing that is for named organisations only."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from catalog.listings import inviting, queries
from core.db import Uow
from core.fields import DayField, TextField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.naming import organisation_named
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.zones import zone


class InviteeForm(Schema):
    organisation = TextField(required=True, shortest=3, longest=60)
    until = DayField(load_default=None)


@pages.get("/listings/<listing_id>/invitees")
def invitees(listing_id: str, problem: DomainError | None = None) -> flask.Response:
    """Who is invited at this moment, and a form to invite one more."""
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        found = queries.get(uow, actor(), listing_id)
        return {"listing": found, "invited": inviting.invitees(uow, actor(), listing_id)}

    status = problem.status if problem else 200
    return render("listing/invitees.html", status, problem=problem, form=flask.request.form, **read(work))


@pages.post("/listings/<listing_id>/invitees")
@again(invitees)
def invite_buyer(listing_id: str) -> Response:
    """Until the end of a day in the reader's zone, or until the supplier ends it."""
    signed_in()
    form = forms.load(InviteeForm, keep_empty=False)
    until = datetime.combine(form["until"], time.max, zone()).astimezone(UTC) if form["until"] else None
    act(lambda uow: _invite(uow, listing_id, form["organisation"], until))
    return done("buyer-invited", "web.invitees", listing_id=listing_id)


def _invite(uow: Uow, listing_id: str, named: str, until: datetime | None) -> None:
    inviting.invitees(uow, actor(), listing_id)
    invited = organisation_named(uow, named, "organisation")
    inviting.invite(uow, actor(), listing_id, organisation_id=invited, until=until)


@pages.post("/listings/<listing_id>/invitees/<organisation_id>/end")
def uninvite_buyer(listing_id: str, organisation_id: str) -> Response:
    signed_in()
    act(lambda uow: inviting.uninvite(uow, actor(), listing_id, organisation_id=organisation_id))
    return done("buyer-uninvited", "web.invitees", listing_id=listing_id)
