"""A forgotten password: asking for a letter, and choosing a new one by its link."""

from __future__ import annotations

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from compliance.identity import queries, resets
from compliance.identity.rules import check_password, hash_password
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.session import house
from exchange.web.shell import act, done, pages, read, render


class AskForm(Schema):
    email = TextField(required=True, shortest=3, longest=254)


class ResetForm(Schema):
    token = fields.String(required=True, validate=validate.Length(max=200))
    password = fields.String(required=True)
    otp = fields.String(load_default="", validate=validate.Length(max=40))


def _address(uow: Uow, token: str) -> str:
    return queries.address_of(uow, resets.account_of(uow, token).id) or ""


@pages.get("/reset", endpoint="reset")
def reset_form(problem: DomainError | None = None) -> flask.Response:
    token = flask.request.values.get("token", "")
    return render("account/reset.html", problem.status if problem else 200, problem=problem, token=token)


@pages.post("/reset")
def ask_reset() -> Response:
    try:
        resets.ask(house(), email=forms.load(AskForm)["email"], peer=flask.request.remote_addr or "")
    except DomainError as problem:
        return reset_form(problem)
    return done("reset-asked", "web.sign_in")


@pages.post("/reset/confirm")
def confirm_reset() -> Response:
    try:
        form = forms.load(ResetForm)
        check_password(form["password"], read(lambda uow: _address(uow, form["token"])))
        hashed = hash_password(form["password"])
        act(lambda uow: resets.confirm(uow, token=form["token"], password_hash=hashed, otp=form["otp"]))
    except DomainError as problem:
        return reset_form(problem)
    return done("password-changed", "web.sign_in")
