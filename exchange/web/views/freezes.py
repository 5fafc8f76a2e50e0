"""What stands still, each with its chain of audit entries; legal holds."""

from __future__ import annotations

from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from catalog.listings import service as listings
from compliance.freezes import queries
from compliance.freezes.types import Frozen
from compliance.qualification import service as qualification
from compliance.retention import queries as retention
from compliance.retention import service as holds
from core.db import Uow
from core.fields import TextField
from core.ids import is_id
from core.problems import DomainError, Invalid
from exchange.trading import service as trading
from exchange.web import forms
from exchange.web.naming import names_of
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class ObjectForm(Schema):
    object_id = TextField(required=True, shortest=1, longest=40)
    reason = TextField(required=True, shortest=2, longest=1000)


@pages.get("/freezes")
def freezes(problem: DomainError | None = None) -> flask.Response:
    """What stands, or with ``all`` whatever stood."""
    signed_in()
    everything = "all" in flask.request.args

    def work(uow: Uow) -> dict[str, Any]:
        page = queries.freezes(
            uow, actor(), cursor=flask.request.args.get("cursor"), limit=10, standing_only=not everything
        )
        links = {each.id: queries.links(uow, actor(), each.object_id) for each in page.items}
        kept = retention.holds(uow, actor(), limit=50, standing_only=not everything)
        things = [*(each.object_id for each in page.items), *(each.object_id for each in kept.items)]
        names = names_of(uow, things)
        return {"page": page, "links": links, "holds": kept.items, "names": names}

    status = problem.status if problem else 200
    return render(
        "freezes/show.html", status, problem=problem, form=flask.request.form, everything=everything, **read(work)
    )  # fmt: skip


@pages.post("/freezes")
@again(freezes)
def freeze_something() -> Response:
    """An order, a listing or an organisation, by its id."""
    signed_in()
    form = forms.load(ObjectForm)
    act(lambda uow: _freeze(uow, **form))
    return done("frozen", "web.freezes")


def _freeze(uow: Uow, object_id: str, reason: str) -> None:
    if is_id("ord", object_id):
        trading.freeze(uow, actor(), object_id, reason=reason)
    elif is_id("lst", object_id):
        listings.suspend(uow, actor(), object_id, reason=reason)
    elif is_id("org", object_id):
        qualification.suspend(uow, actor(), object_id, reason=reason)
    else:
        raise Invalid("Give the id of an order, a listing or an organisation.", field="object_id")


@pages.post("/freezes/<freeze_id>/release")
def release_freeze(freeze_id: str) -> Response:
    """A listing comes back through a review instead."""
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: _release(uow, freeze_id, form["reason"]))
    return done("freeze-released", "web.freezes")


def _release(uow: Uow, freeze_id: str, reason: str) -> None:
    found = queries.chain(uow, actor(), freeze_id).freeze
    if found.kind == Frozen.ORDER:
        trading.release(uow, actor(), found.object_id)
    elif found.kind == Frozen.ORGANISATION:
        qualification.reinstate(uow, actor(), found.object_id, reason=reason)
    else:
        raise Invalid("A listing that was stopped is on sale again after a new review.")


@pages.post("/holds")
@again(freezes)
def place_hold() -> Response:
    signed_in()
    form = forms.load(ObjectForm)
    act(lambda uow: holds.place_hold(uow, actor(), **form))
    return done("hold-placed", "web.freezes")


@pages.post("/holds/<hold_id>/release")
def release_hold(hold_id: str) -> Response:
    """By another officer than the one who placed it."""
    signed_in()
    form = forms.load(forms.ReasonForm)
    act(lambda uow: holds.release_hold(uow, actor(), hold_id, **form))
    return done("hold-released", "web.freezes")
