"""The board of demands: what buyers need, and what suppliers answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import flask
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from catalog.demands import queries, service
from catalog.demands.types import AnswerSnapshot, DemandSnapshot, DemandState
from catalog.listings import queries as listings
from catalog.listings.errors import ListingNotFound
from catalog.listings.types import ListingBrief, ListingKind, ListingSnapshot, ListingState, Scene
from compliance.identity import queries as identity
from compliance.policy import decide
from core.db import Uow
from core.fields import DayField, TextField
from core.money import format_amount
from core.paging import Page
from core.problems import DomainError, Invalid, StaleVersion
from exchange.web import forms
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.zones import zone

_TO_CHOOSE_FROM = 100
_A_MONTH = timedelta(days=30)
KINDS = ("", *(str(kind) for kind in ListingKind))
SCENES = tuple(str(scene) for scene in Scene)


class DemandForm(Schema):
    version = fields.Integer(load_default=0)
    title_zh = TextField(load_default="", longest=200)
    title_en = TextField(load_default="", longest=200)
    details_zh = TextField(load_default="", longest=4000)
    details_en = TextField(load_default="", longest=4000)
    kind = fields.String(load_default="", validate=validate.OneOf(KINDS))
    scene = fields.String(required=True, validate=validate.OneOf(SCENES))
    volume = TextField(load_default="", longest=200)
    lowest = TextField(load_default="", longest=40)
    highest = TextField(load_default="", longest=40)
    until = DayField(required=True)


class AnswerForm(Schema):
    text = TextField(required=True, shortest=2, longest=4000)
    listing_id = TextField(load_default=None, longest=40)


class UntilForm(Schema):
    until = DayField(required=True)


class WordForm(Schema):
    reason = TextField(load_default="", longest=1000)


@dataclass(frozen=True)
class AnswerText:
    """An answer as its reader sees it; ``listing`` only where the reader may see that too."""

    answer: AnswerSnapshot
    listing: ListingSnapshot | None


@pages.get("/demands")
def demands() -> flask.Response:
    """The board; or the own organisation's demands, or what it answered, or for reviewers what was reported."""
    signed_in()
    show = flask.request.args.get("show", "")
    return render("demands/list.html", show=show, scenes=SCENES, kinds=KINDS, **read(lambda uow: _list(uow, show)))


def _list(uow: Uow, show: str) -> dict[str, Any]:
    args, cursor = flask.request.args, flask.request.args.get("cursor")
    if show == "answered":
        given = queries.answered(uow, actor(), cursor=cursor)
        titles = queries.titles(uow, {each.demand_id for each in given.items})
        return {"page": given, "titles": titles, "names": {}, "asked": {}}
    q, kind, scene = (args.get(name, "") for name in ("q", "kind", "scene"))
    page: Page[DemandSnapshot]
    if show == "mine":
        page = queries.mine(uow, actor(), cursor=cursor)
    elif show == "reported":
        page = queries.reported(uow, actor(), cursor=cursor)
    else:
        page = queries.board(uow, actor(), q=q, kind=kind, scene=scene, cursor=cursor)
    names = identity.organisations(uow, {each.organisation_id for each in page.items})
    return {"page": page, "names": names, "titles": {}, "asked": {"q": q, "kind": kind, "scene": scene}}


@pages.get("/demands/new")
def new_demand(problem: DomainError | None = None) -> flask.Response:
    signed_in()
    until = (house().clock.now() + _A_MONTH).astimezone(zone()).date().isoformat()
    form = flask.request.form or {"title_zh": flask.request.args.get("q", ""), "until": until}
    return _edit(None, form, problem)


def _edit(demand: DemandSnapshot | None, form: Mapping[str, Any], problem: DomainError | None) -> flask.Response:
    return render(
        "demands/edit.html", problem.status if problem else 200, problem=problem, demand=demand, form=form,
        scenes=SCENES, kinds=KINDS, currency=house().settings.currency,
    )  # fmt: skip


@pages.post("/demands/new")
@again(new_demand)
def post_demand() -> Response:
    signed_in()
    given = _given(forms.load(DemandForm))
    made = act(lambda uow: service.post(uow, actor(), fields=given))
    return done("demand-posted", "web.demand", demand_id=made.id)


@pages.get("/demands/<demand_id>")
def demand(demand_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    page = read(lambda uow: _page(uow, demand_id))
    again_until = (house().clock.now() + _A_MONTH).astimezone(zone()).date().isoformat()
    return render(
        "demands/show.html", problem.status if problem else 200, problem=problem, form=flask.request.form,
        again_until=again_until, **page,
    )  # fmt: skip


def _page(uow: Uow, demand_id: str) -> dict[str, Any]:
    found = queries.get(uow, actor(), demand_id)
    resource = queries.resource_of(uow, actor(), found)
    may = {
        deed: decide(actor(), f"demand:{deed}", resource).permitted for deed in ("change", "answer", "report", "remove")
    }
    given = [AnswerText(each, _listing(uow, each)) for each in queries.answers(uow, actor(), demand_id)]
    concerned = {found.organisation_id, *(each.answer.organisation_id for each in given)}
    reports = queries.reports(uow, actor(), demand_id) if may["remove"] else []
    return {
        "demand": found, "may": may, "answers": given, "reports": reports,
        "own": found.organisation_id == actor().organisation_id,
        "names": identity.organisations(uow, concerned | {each.organisation_id for each in reports}),
        "to_offer": _to_offer(uow) if may["answer"] else [],
        "refused": decide(actor(), "demand:answer", resource), "is_open": found.state == DemandState.OPEN,
    }  # fmt: skip


def _listing(uow: Uow, answer: AnswerSnapshot) -> ListingSnapshot | None:
    """The listing, if the reader may see it."""
    try:
        return listings.get(uow, actor(), answer.listing_id) if answer.listing_id else None
    except ListingNotFound:
        return None


def _to_offer(uow: Uow) -> list[ListingBrief]:
    own = listings.own_briefs(uow, actor(), limit=_TO_CHOOSE_FROM).items
    return [each for each in own if each.state == ListingState.LISTED]


@pages.get("/demands/<demand_id>/edit")
def edit_demand(demand_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    found = read(lambda uow: queries.get(uow, actor(), demand_id))
    form = flask.request.form if problem and not isinstance(problem, StaleVersion) else _of_demand(found)
    return _edit(found, form, problem)


@pages.post("/demands/<demand_id>/edit")
@again(edit_demand)
def change_demand(demand_id: str) -> Response:
    signed_in()
    form = forms.load(DemandForm)
    given = _given(form)
    act(lambda uow: service.change(uow, actor(), demand_id, form["version"], given))
    return done("demand-saved", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/close")
@again(demand)
def close_demand(demand_id: str) -> Response:
    signed_in()
    act(lambda uow: service.close(uow, actor(), demand_id))
    return done("demand-closed", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/reopen")
@again(demand)
def reopen_demand(demand_id: str) -> Response:
    signed_in()
    until = _end_of(forms.load(UntilForm)["until"])
    act(lambda uow: service.reopen(uow, actor(), demand_id, until=until))
    return done("demand-posted", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/answers")
@again(demand)
def answer_demand(demand_id: str) -> Response:
    signed_in()
    form = forms.load(AnswerForm, keep_empty=False)
    act(lambda uow: service.answer(uow, actor(), demand_id, **form))
    return done("demand-answered", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/answers/<answer_id>/<deed>")
@again(demand)
def settle_answer(demand_id: str, answer_id: str, deed: str) -> Response:
    """Take up, decline or take back."""
    signed_in()
    reason = forms.load(WordForm)["reason"]
    if deed == "take-up":
        act(lambda uow: service.take_up(uow, actor(), answer_id))
    elif deed == "decline":
        act(lambda uow: service.decline(uow, actor(), answer_id, reason=reason))
    elif deed == "withdraw":
        act(lambda uow: service.withdraw_answer(uow, actor(), answer_id))
    else:
        flask.abort(404)
    return done(f"answer-{deed}", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/report")
@again(demand)
def report_demand(demand_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"]
    act(lambda uow: service.report(uow, actor(), demand_id, reason=reason))
    return done("demand-reported", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/let-stand")
@again(demand)
def let_demand_stand(demand_id: str) -> Response:
    signed_in()
    act(lambda uow: service.let_stand(uow, actor(), demand_id))
    return done("demand-stands", "web.demand", demand_id=demand_id)


@pages.post("/demands/<demand_id>/remove")
@again(demand)
def remove_demand(demand_id: str) -> Response:
    signed_in()
    reason = forms.load(forms.ReasonForm)["reason"]
    act(lambda uow: service.remove(uow, actor(), demand_id, reason=reason))
    return done("demand-removed", "web.demand", demand_id=demand_id)


def _given(form: Mapping[str, Any]) -> dict[str, Any]:
    """The service's fields. Raises Invalid when there is no title."""
    texts = {
        name: {key: form[f"{name}_{key}"] for key in ("zh", "en") if form[f"{name}_{key}"]}
        for name in ("title", "details")
    }
    if not texts["title"]:
        raise Invalid("Give the text in Chinese or in English.", field="title_zh")
    return texts | {
        "kind": form["kind"], "scene": form["scene"], "volume": form["volume"], "lowest": form["lowest"] or None,
        "highest": form["highest"] or None, "until": _end_of(form["until"]),
    }  # fmt: skip


def _of_demand(found: DemandSnapshot) -> dict[str, Any]:
    amounts = {
        name: "" if value is None else format_amount(value, found.currency)
        for name, value in (("lowest", found.lowest), ("highest", found.highest))
    }
    texts = {
        f"{name}_{key}": given.get(key, "")
        for name, given in (("title", found.title), ("details", found.details))
        for key in ("zh", "en")
    }
    last = (found.until - timedelta(seconds=1)).astimezone(zone()).date()
    return texts | amounts | {
        "kind": found.kind, "scene": found.scene, "volume": found.volume, "until": last.isoformat(),
        "version": found.version,
    }  # fmt: skip


def _end_of(day: date) -> datetime:
    """When that day is over where the reader is."""
    return datetime.combine(day + timedelta(days=1), time.min, zone()).astimezone(UTC)
