"""The own account: its second factor, the keys that it signs with, and being forgotten."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from compliance.identity import factors, forgetting, signing
from core.db import Uow
from core.problems import DomainError
from exchange.web import forms
from exchange.web.session import actor, drop_session
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class CodeForm(Schema):
    otp = fields.String(load_default="", validate=validate.Length(max=40))


class OwnKeyForm(CodeForm):
    public_key = fields.String(required=True, validate=validate.Length(max=100))
    proof = fields.String(required=True, validate=validate.Length(max=200))


@pages.get("/settings/security", endpoint="security")
def show_security(problem: DomainError | None = None, **shown: Any) -> flask.Response:
    signed_in()
    return render(
        "settings/security.html", problem.status if problem else 200, problem=problem, **read(_shown), **shown
    )


def _shown(uow: Uow) -> dict[str, Any]:
    account_id = actor().account_id or ""
    return {"factor": factors.of(uow, account_id), "keys": signing.public_keys(uow, [account_id])}


@pages.post("/settings/security/factor")
def enrol() -> Response:
    """The secret for a device, shown by this answer and never again."""
    signed_in()
    try:
        form = forms.load(CodeForm)
        made = act(lambda uow: factors.enrol(uow, actor(), form["otp"]))
    except DomainError as problem:
        return show_security(problem)
    return show_security(enrolment=made)


@pages.post("/settings/security/factor/confirm")
def finish() -> Response:
    """The recovery codes, shown by this answer and never again."""
    signed_in()
    try:
        form = forms.load(CodeForm)
        codes = act(lambda uow: factors.finish(uow, actor(), form["otp"]))
    except DomainError as problem:
        return show_security(problem, waiting=True)
    return show_security(codes=codes)


@pages.post("/settings/security/keys/renew")
@again(show_security)
def renew_key() -> Response:
    signed_in()
    form = forms.load(CodeForm)
    act(lambda uow: signing.renew_key(uow, actor(), form["otp"]))
    return done("signing-key-changed", "web.security")


@pages.post("/settings/security/keys")
@again(show_security)
def register_key() -> Response:
    signed_in()
    form = forms.load(OwnKeyForm)
    act(lambda uow: signing.register_key(uow, actor(), **form))
    return done("signing-key-changed", "web.security")


@pages.post("/settings/security/forget")
def forget_account() -> Response:
    signed_in()
    try:
        form = forms.load(CodeForm)
        kept = act(lambda uow: forgetting.forget_account(uow, actor(), actor().account_id or "", otp=form["otp"]))
    except DomainError as problem:
        return show_security(problem)
    response = done("account-forgotten-kept" if kept else "account-forgotten", "web.home")
    drop_session(response)
    return response
