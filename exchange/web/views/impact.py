"""What harm would follow if a listing leaked, as its supplier declares it: on what it would fall, and how badly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import flask
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from catalog.listings import queries, service
from catalog.listings.types import ListingSnapshot
from compliance.policy import require
from compliance.tiers import profile
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.web import forms
from exchange.web.language import plain
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in


class ImpactForm(Schema):
    version = fields.Integer(required=True)
    impact = TextField(required=True, shortest=1, longest=80)


@dataclass(frozen=True)
class Cell:
    """One object by one degree; ``level`` is none for core data, which is not taken in."""

    value: str
    degree: str
    level: int | None
    chosen: bool


@pages.get("/listings/<listing_id>/impact")
def impact(listing_id: str, problem: DomainError | None = None) -> flask.Response:
    """A table of every object and degree with the tier that follows."""
    signed_in()
    listing = read(lambda uow: _own(uow, listing_id))
    return render(
        "listing/impact.html", problem.status if problem else 200, listing=listing, degrees=_degrees(),
        rows=_rows(listing), problem=problem,
    )  # fmt: skip


def _own(uow: Uow, listing_id: str) -> ListingSnapshot:
    found = queries.get(uow, actor(), listing_id)
    require(actor(), "listing:edit", queries.resource_of(uow.house, found))
    return found


def _degrees() -> list[str]:
    using = profile(house().settings.tier_profile)
    return [plain(using.impact_names[each]) for each in using.degrees]


def _rows(listing: ListingSnapshot) -> list[tuple[str, list[Cell]]]:
    using = profile(house().settings.tier_profile)
    stated: dict[str, Any] = dict(listing.impact or {})
    return [
        (
            plain(using.impact_names[harmed]),
            [
                Cell(
                    f"{harmed}/{degree}", plain(using.impact_names[degree]), level,
                    (stated.get("object"), stated.get("degree")) == (harmed, degree),
                )
                for degree, level in zip(using.degrees, levels, strict=True)
            ],
        )
        for harmed, levels in using.impacts.items()
    ]  # fmt: skip


@pages.post("/listings/<listing_id>/impact")
@again(impact)
def declare_impact(listing_id: str) -> Response:
    """The tier rises to what follows, and never sinks by stating less; a listing on sale goes back to draft."""
    signed_in()
    form = forms.load(ImpactForm)
    harmed, _, degree = form["impact"].partition("/")
    stated = None if form["impact"] == "none" else {"object": harmed, "degree": degree}
    act(lambda uow: service.edit(uow, actor(), listing_id, form["version"], {"impact": stated}))
    return done("impact-declared", "web.edit_listing", listing_id=listing_id)
