"""Qualification: the task list of the organisation, and the page on which officers decide."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import flask
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from compliance.documents import service as documents
from compliance.identity import queries as identity
from compliance.identity import service as identity_service
from compliance.identity.types import OrganisationSnapshot
from compliance.qualification import queries, service
from compliance.qualification.rules import LEVELS
from compliance.qualification.types import QualificationSnapshot
from core import http
from core.db import Uow
from core.fields import DayField
from core.problems import DomainError, Invalid
from exchange.web import forms
from exchange.web.papers import attached
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in

_MARK = "document-"
_BEFORE_APPROVAL = ("registered", "returned")


@pages.get("/onboarding")
def onboarding(problem: DomainError | None = None) -> Response:
    signed_in()
    organisation_id = actor().organisation_id
    if organisation_id is None:
        return flask.redirect(flask.url_for("web.desk"), 303)

    def work(uow: Uow) -> tuple[OrganisationSnapshot, QualificationSnapshot]:
        return identity.organisation(uow, organisation_id), queries.own(uow, actor(), level=_asked_for())

    own, standing = read(work)
    return render(
        "review/onboarding.html", problem.status if problem else 200, own=own, standing=standing, levels=LEVELS,
        form=flask.request.form, problem=problem, corrects=own.state in _BEFORE_APPROVAL,
    )  # fmt: skip


def _asked_for() -> int | None:
    text = flask.request.values.get("level", "")
    return int(text) if text in map(str, LEVELS) else None


@pages.post("/onboarding")
@again(onboarding)
def hand_in() -> Response:
    """Correct the particulars, attach what came along and hand it all in, or nothing of it."""
    signed_in()
    form = forms.load_marked(forms.HandInForm, "until-")
    until = {kind: _end_of(kind, text) for kind, text in form.pop("values").items()}
    kept = _kept()
    act(lambda uow: _hand_in(uow, form, kept, until))
    return done("qualification-sent", "web.onboarding")


def _end_of(kind: str, text: str) -> datetime:
    try:
        return datetime.combine(DayField().deserialize(text), time(), UTC)
    except ValidationError as error:
        raise Invalid(error.messages[0], field=f"until-{kind}") from None


def _kept() -> dict[str, str]:
    """The documents that came with the form, by their kinds."""
    names = [name for name in flask.request.files if name.startswith(_MARK)]
    return {name.removeprefix(_MARK): kept[0] for name in names if (kept := attached(name))}


def _hand_in(uow: Uow, form: dict[str, Any], kept: dict[str, str], until: dict[str, datetime]) -> None:
    statement, level = form["statement"], form["level"]
    particulars = {name: value for name, value in form.items() if name not in ("statement", "level")}
    if identity.organisation(uow, actor().organisation_id or "").state in _BEFORE_APPROVAL:
        identity_service.mend_organisation(uow, actor(), **particulars)
    for kind, document_id in kept.items():
        service.attach(uow, actor(), kind, document_id=document_id, valid_until=until.get(kind))
    service.submit(uow, actor(), statement=statement, level=level)


@pages.get("/documents/<document_id>")
def document(document_id: str) -> Response:
    signed_in()
    found, raw = documents.read(house(), actor(), document_id)
    return http.attachment(found.name, raw)


@pages.get("/qualifications")
def qualifications() -> flask.Response:
    signed_in()

    def work(uow: Uow) -> list[tuple[OrganisationSnapshot, QualificationSnapshot]]:
        waiting = queries.waiting(uow, actor(), "submitted")
        return [(each, queries.of(uow, actor(), each.id)) for each in waiting]

    return render("review/qualifications.html", rows=read(work))


@pages.post("/qualifications/<organisation_id>/approve")
def approve_qualification(organisation_id: str) -> Response:
    signed_in()
    form = forms.load(forms.LevelForm)
    act(lambda uow: service.approve(uow, actor(), organisation_id, **form))
    return done("qualification-approved", "web.qualifications")


@pages.post("/qualifications/<organisation_id>/return")
def return_qualification(organisation_id: str) -> Response:
    signed_in()
    form = forms.load_marked(forms.ReasonForm, "note-")
    act(
        lambda uow: service.return_with_reason(
            uow, actor(), organisation_id, reason=form["reason"], documents=form["values"]
        )
    )
    return done("qualification-returned", "web.qualifications")
