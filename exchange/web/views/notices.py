"""What one was told, and how one wants to be told."""

from __future__ import annotations

import re
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from core.db import Uow
from core.money import parse_amount
from core.problems import DomainError
from exchange.notices import queries, service
from exchange.notices.types import DIGESTS, TOPICS
from exchange.notices.words import said
from exchange.web import forms
from exchange.web.formats import money
from exchange.web.language import language
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.words import WORDS, word

_AMOUNT = re.compile(r"(?P<amount>\d+(?:\.\d+)?) (?P<currency>[A-Z]{3})\b")


class PreferencesForm(Schema):
    digest = fields.String(load_default="off", validate=validate.OneOf(DIGESTS))
    told = fields.List(fields.String(validate=validate.OneOf(TOPICS)), load_default=())


@pages.get("/notices")
def notices() -> flask.Response:
    signed_in()
    return render("notices/list.html", **read(_page))


def _page(uow: Uow) -> dict[str, Any]:
    only = flask.request.args.get("unread") == "1"
    page = queries.notices(uow, actor(), unread_only=only, cursor=flask.request.args.get("cursor"), limit=50)
    shown = language()
    return {
        "notices": [(each, said(each.code, shown), readable(each.note)) for each in page.items],
        "next_cursor": page.next_cursor, "unread": queries.unread(uow, actor()), "only": only,
    }  # fmt: skip


def readable(text: str) -> str:
    """A note as people read it: the words for a code, amounts as everywhere on these pages.

    People of the other side write notes too: what only looks like an amount stays as it is.
    """
    if text in WORDS["lacking"]:
        return word("lacking", text)
    return _AMOUNT.sub(_as_money, text)


def _as_money(found: re.Match[str]) -> str:
    try:
        return money(parse_amount(found["amount"], found["currency"]), found["currency"])
    except DomainError:
        return found[0]


@pages.post("/notices/<notice_id>/open")
def open_notice(notice_id: str) -> Response:
    """Read, and on to the page where one sees it."""
    signed_in()

    def work(uow: Uow) -> str:
        service.read(uow, actor(), notice_id)
        return queries.address_of(uow, notice_id)

    return flask.redirect(act(work), 303)


@pages.post("/notices/read")
def read_all_notices() -> Response:
    signed_in()
    act(lambda uow: service.read_all(uow, actor()))
    return done("notices-read", "web.notices")


@pages.get("/settings/notifications")
def notifications(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    wanted = read(lambda uow: queries.preferences(uow, actor().account_id or ""))
    status = problem.status if problem else 200
    return render("notices/settings.html", status, problem=problem, wanted=wanted, topics=TOPICS)


@pages.post("/settings/notifications")
@again(notifications)
def change_notifications() -> Response:
    signed_in()
    form = forms.load_lists(PreferencesForm, "told")
    muted = [topic for topic in TOPICS if topic not in form["told"]]
    act(lambda uow: service.prefer(uow, actor(), digest=form["digest"], muted=muted))
    return done("notifications-saved", "web.notifications")
