"""What an invitation's link leads to: whose member one becomes, and with which name and password."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from compliance.identity import invitations, queries
from compliance.identity.rules import check_password, hash_password
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.web import forms, language
from exchange.web.shell import act, done, pages, read, render


class AcceptForm(Schema):
    token = fields.String(required=True, validate=validate.Length(max=200))
    name = TextField(required=True, shortest=1, longest=100)
    password = fields.String(required=True)


@pages.get("/invitation", endpoint="invitation")
def show_invitation(problem: DomainError | None = None) -> flask.Response:
    token = flask.request.values.get("token", "")

    def shown(uow: Uow) -> dict[str, Any]:
        found = invitations.of_token(uow, token)
        return {"invitation": found, "organisation": queries.organisation(uow, found.organisation_id)}

    status = problem.status if problem else 200
    return render(
        "account/invitation.html", status, problem=problem, token=token, form=flask.request.form, **read(shown)
    )  # fmt: skip


@pages.post("/invitation")
def accept_invitation() -> Response:
    try:
        form = forms.load(AcceptForm)
        email = read(lambda uow: invitations.of_token(uow, form["token"]).email)
        check_password(form["password"], email)
        hashed, spoken = hash_password(form["password"]), language.language()
        act(lambda uow: invitations.accept(
            uow, token=form["token"], name=form["name"], password_hash=hashed, language=spoken
        ))  # fmt: skip
    except DomainError as problem:
        if problem.status == 404:
            raise
        return show_invitation(problem)
    return done("joined", "web.sign_in")
