"""For operators: what everybody is told, and what a subscriber of an event refused too often."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from core import outbox
from core.db import Uow
from core.fields import MinuteField, TextField
from core.problems import DomainError
from exchange.announcements import queries as announced
from exchange.announcements import service as announcing
from exchange.announcements.types import Weight
from exchange.undelivered import service as undelivered_events
from exchange.web import forms
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.zones import zone


class AnnouncementForm(Schema):
    text_zh = TextField(required=True, shortest=3, longest=500)
    text_en = TextField(required=True, shortest=3, longest=500)
    weight = fields.String(load_default=Weight.NOTICE.value, validate=validate.OneOf([each.value for each in Weight]))
    shows_from = MinuteField(load_default=None)
    shows_until = MinuteField(required=True)


class DropForm(Schema):
    reason = TextField(required=True, shortest=3, longest=500)


@pages.get("/announcements")
def announcements(problem: DomainError | None = None) -> flask.Response:
    """What was announced, and a form to announce something else."""
    signed_in()
    status, form = problem.status if problem else 200, flask.request.form
    return render("operations/announcements.html", status, problem=problem, form=form, page=read(_announcements))


def _announcements(uow: Uow) -> Any:
    return announced.all_made(uow, actor(), cursor=flask.request.args.get("cursor"))


@pages.post("/announcements")
@again(announcements)
def make_announcement() -> Response:
    """Times are in the reader's zone."""
    signed_in()
    form = forms.load(AnnouncementForm, keep_empty=False)
    begins, until = form.pop("shows_from"), form.pop("shows_until")
    act(lambda uow: announcing.make(uow, actor(), **form, shows_from=_utc(begins), shows_until=_utc(until)))
    return done("announced", "web.announcements")


def _utc(moment: datetime | None) -> Any:
    return None if moment is None else moment.replace(tzinfo=zone()).astimezone(UTC)


@pages.post("/announcements/<announcement_id>/end")
@again(lambda announcement_id, problem: announcements(problem))
def end_announcement(announcement_id: str) -> Response:
    signed_in()
    act(lambda uow: announcing.end(uow, actor(), announcement_id))
    return done("announcement-ended", "web.announcements")


@pages.get("/undelivered")
def undelivered(problem: DomainError | None = None) -> flask.Response:
    """Events that nobody tries any more, and what can be done about each."""
    signed_in()
    status = problem.status if problem else 200
    return render("operations/undelivered.html", status, problem=problem, **read(_undelivered))


def _undelivered(uow: Uow) -> dict[str, Any]:
    page = undelivered_events.listed(uow, actor(), cursor=flask.request.args.get("cursor"))
    return {"page": page, "waiting": outbox.waiting(uow), "oldest": outbox.oldest_waiting(uow)}


@pages.post("/undelivered/<int:number>/retry")
@again(lambda number, problem: undelivered(problem))
def retry_undelivered(number: int) -> Response:
    signed_in()
    act(lambda uow: undelivered_events.retry(uow, actor(), number))
    return done("undelivered-retried", "web.undelivered")


@pages.post("/undelivered/<int:number>/drop")
@again(lambda number, problem: undelivered(problem))
def drop_undelivered(number: int) -> Response:
    signed_in()
    form = forms.load(DropForm)
    act(lambda uow: undelivered_events.drop(uow, actor(), number, reason=form["reason"]))
    return done("undelivered-dropped", "web.undelivered")
