"""The start page and the public figures."""

from __future__ import annotations

import time
from typing import Any

import flask

from catalog.listings import queries as listings
from catalog.search import queries as search
from catalog.search.types import SearchParams, SearchResult, Sort
from compliance.identity import queries as identity
from core.db import Uow
from core.problems import Unavailable
from core.speech import gettext
from exchange.trading import queries as trading
from exchange.web import hits
from exchange.web.session import actor, house
from exchange.web.shell import pages, read, render
from exchange.web.words import word

SCENES = ("speech", "text_recognition", "faces", "driving", "language")
_NEWEST = 5
_SELDOM_S = 60.0


@pages.get("/")
def home() -> flask.Response:
    found = _newest()
    counts = dict(found.facets.get("scene", ())) if found else {}
    newest = hits.rows(actor(), found.hits) if found else []
    return render(
        "market/home.html", scenes=SCENES, counts=counts, newest=newest, currency=house().settings.currency,
        totals=_lately(), away=found is None,
    )  # fmt: skip


def _lately() -> dict[str, int]:
    """The totals; the longer counting takes, the seldomer it is done, by one request at a time."""
    kept, began = flask.current_app.extensions, time.monotonic()
    due: float
    known: dict[str, int]
    due, known = kept.get("totals", (0.0, {}))
    if not known or began >= due:
        kept["totals"] = (began + _SELDOM_S, known)
        known = read(totals)
        took = time.monotonic() - began
        kept["totals"] = (began + min(100 * took, _SELDOM_S), known)
    return known


def _newest() -> SearchResult | None:
    """The newest that can be ordered, and how many each scene has; nothing while search is away."""
    asked = SearchParams(filters={"orderable": frozenset({"yes"})}, facets=("scene",), sort=Sort.NEWEST, limit=_NEWEST)
    try:
        return search.search(house(), actor(), asked)
    except Unavailable:
        return None


def totals(uow: Uow) -> dict[str, int]:
    """What anybody may know of the exchange as a whole."""
    traded = trading.figures(uow)
    return {
        "listings": sum(listings.figures(uow)["by_scene"].values()),
        "organisations": sum(identity.organisation_count(uow).values()),
        "orders": traded["orders"],
        "gross": traded["gross"],
    }


@pages.get("/figures")
def public_figures() -> flask.Response:
    """What the exchange has done, counted when asked."""
    known, tables = read(lambda uow: (totals(uow), _tables(uow)))
    return render("market/figures.html", totals=known, tables=tables, currency=house().settings.currency)


def _tables(uow: Uow) -> list[tuple[str, list[tuple[str, int]]]]:
    counted: dict[str, Any] = listings.figures(uow)
    return [
        (gettext("Listings by scene"), _rows("scene", counted["by_scene"])),
        (gettext("Listings by tier"), _rows("tier", counted["by_tier"])),
        (gettext("Organisations by kind"), _rows("origin", identity.organisation_count(uow))),
    ]


def _rows(group: str, counts: dict[Any, int]) -> list[tuple[str, int]]:
    return [(word(group, code), count) for code, count in sorted(counts.items(), key=lambda pair: str(pair[0]))]
