"""For officers: which organisations belong together, as seen in their papers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from compliance.identity import affiliates as service
from compliance.identity import queries as identity
from compliance.identity.types import OrganisationSnapshot
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError, Forbidden
from exchange.web import forms
from exchange.web.naming import organisation_named
from exchange.web.session import actor
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class AffiliateForm(Schema):
    organisation = TextField(required=True, shortest=3, longest=60)
    parent = TextField(load_default="", longest=60)


@pages.get("/affiliates")
def affiliates(problem: DomainError | None = None) -> flask.Response:
    """Every group that is recorded, and a form to record one more."""
    signed_in()
    if not actor().platform("officer"):
        raise Forbidden("Only a compliance officer records who belongs to whom.")
    status = problem.status if problem else 200
    return render("settings/affiliates.html", status, problem=problem, form=flask.request.form, **read(_shown))


def _shown(uow: Uow) -> dict[str, Any]:
    below = identity.affiliated(uow)
    groups: dict[str, tuple[str, ...]] = {}
    for each in below:
        members = identity.group_of(uow, each.id)
        groups[members[0]] = members
    known = identity.organisations(uow, {id for members in groups.values() for id in members})
    return {"groups": {first: _ordered(members, known) for first, members in groups.items()}, "organisations": known}


def _ordered(members: tuple[str, ...], known: Mapping[str, OrganisationSnapshot]) -> list[OrganisationSnapshot]:
    return [known[each] for each in members]


@pages.post("/affiliates")
@again(affiliates)
def set_affiliate() -> Response:
    """Under which organisation one stands; without one, it stands alone again."""
    signed_in()
    form = forms.load(AffiliateForm)
    act(lambda uow: _set(uow, **form))
    return done("affiliates-set", "web.affiliates")


def _set(uow: Uow, organisation: str, parent: str) -> None:
    if not actor().platform("officer"):
        raise Forbidden("Only a compliance officer records who belongs to whom.")
    chosen = organisation_named(uow, organisation, "organisation")
    service.set_parent(uow, actor(), chosen, organisation_named(uow, parent, "parent") if parent else None)
