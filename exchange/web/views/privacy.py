"""Requests of the people whom data is about: the public form, the answer by code, officers' and suppliers' pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from catalog.files import queries as files
from catalog.listings import queries as listings
from compliance.identity import queries as identity
from compliance.requests import queries, service
from compliance.requests.types import Outcome, RequestSnapshot, words
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.language import language
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in

_TOLD = ("email", "phone", "resident_id", "name", "text")


class PrivacyForm(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(list(words().kinds)))
    email = TextField(required=True, shortest=3, longest=254)
    phone = TextField(load_default="", longest=30)
    resident_id = TextField(load_default="", longest=20)
    name = TextField(load_default="", longest=100)
    text = TextField(load_default="", longest=4000)


class CodeForm(Schema):
    code = TextField(required=True, shortest=1, longest=40)


class AnswerForm(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf([str(each) for each in Outcome]))
    text = TextField(required=True, shortest=1, longest=8000)


class OtpForm(Schema):
    otp = TextField(load_default="", longest=40)


@pages.get("/privacy")
def privacy(problem: DomainError | None = None) -> flask.Response:
    """What anybody may ask for, and by when it is answered."""
    status = problem.status if problem else 200
    return render("privacy/form.html", status, problem=problem, form=flask.request.form, kinds=_kinds())


@pages.post("/privacy")
def ask_privacy() -> Response:
    try:
        form = forms.load(PrivacyForm)
        told, peer = {name: form[name] for name in _TOLD}, flask.request.remote_addr or ""
        made = act(
            lambda uow: service.open_request(
                uow, kind=form["kind"], particulars=told, language=language(), peer=peer
            )
        )  # fmt: skip
    except DomainError as problem:
        return privacy(problem)
    return done("request-sent", "web.privacy_request", request_id=made.id)


@pages.get("/privacy/<request_id>")
def privacy_request(request_id: str, problem: DomainError | None = None) -> flask.Response:
    """Asks for the code; whether there is such a request is not told without it."""
    status = problem.status if problem else 200
    return render("privacy/code.html", status, problem=problem, request_id=request_id)


@pages.post("/privacy/<request_id>")
def read_privacy_request(request_id: str) -> Response:
    """The answer stands on this page only: neither the code nor what was answered enters an address."""
    try:
        code, peer = forms.load(CodeForm)["code"], flask.request.remote_addr or ""
        found = service.open_with_code(house(), request_id, code, peer=peer)
    except DomainError as problem:
        return privacy_request(request_id, problem)
    return render("privacy/show.html", page=found, names=read(lambda uow: _names(uow, found)), kinds=_kinds())


@pages.get("/requests")
def requests() -> flask.Response:
    """Officers see every request, suppliers those that they have to answer."""
    signed_in()
    if actor().platform("officer"):
        state, cursor = flask.request.args.get("state"), flask.request.args.get("cursor")
        page = read(lambda uow: queries.requests(uow, actor(), state=state, cursor=cursor))
        return render("privacy/list.html", page=page, kinds=_kinds())
    return render("privacy/tasks.html", tasks=read(lambda uow: queries.tasks(uow, actor())), kinds=_kinds())


@pages.get("/requests/<request_id>")
def request_page(request_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    status, form = problem.status if problem else 200, flask.request.form
    if not actor().platform("officer"):
        return render(
            "privacy/task.html", status, problem=problem, form=form, kinds=_kinds(),
            **read(lambda uow: _task(uow, request_id)),
        )  # fmt: skip

    def work(uow: Uow) -> dict[str, Any]:
        found = queries.get(uow, actor(), request_id)
        return {"page": found, "names": _names(uow, found)}

    return render("privacy/request.html", status, problem=problem, form=form, kinds=_kinds(), **read(work))


def _task(uow: Uow, request_id: str) -> dict[str, Any]:
    task = queries.task(uow, actor(), request_id)
    return {
        "task": task, "files": files.many(uow, task.file_ids), "listings": listings.with_files(uow, task.file_ids),
    }  # fmt: skip


@pages.post("/requests/<request_id>/answer")
@again(request_page)
def answer_request(request_id: str) -> Response:
    signed_in()
    form = forms.load(AnswerForm)
    act(lambda uow: service.answer(uow, actor(), request_id, **form))
    return done("request-answered", "web.request_page", request_id=request_id)


@pages.post("/requests/<request_id>/close")
@again(request_page)
def close_request(request_id: str) -> Response:
    signed_in()
    form = forms.load(AnswerForm)
    act(lambda uow: service.close(uow, actor(), request_id, **form))
    return done("request-closed", "web.request_page", request_id=request_id)


@pages.post("/requests/<request_id>/erase-account")
@again(request_page)
def erase_account_of_request(request_id: str) -> Response:
    signed_in()
    form = forms.load(OtpForm)
    act(lambda uow: service.erase_account(uow, actor(), request_id, **form))
    return done("account-erased", "web.request_page", request_id=request_id)


def _names(uow: Uow, found: RequestSnapshot) -> Mapping[str, Any]:
    return identity.organisations(uow, {task.organisation_id for task in found.tasks})


def _kinds() -> dict[str, Any]:
    return dict(words().kinds)
