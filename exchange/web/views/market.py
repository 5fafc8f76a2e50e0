"""Search, and what was imported from other exchanges."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import flask

from catalog.references import queries as references
from catalog.references.types import ReferenceSnapshot
from catalog.search import queries as search
from catalog.search.types import FACETS, SearchParams, SearchResult, Sort
from core.problems import DomainError
from core.speech import gettext
from exchange.web import hits
from exchange.web.formats import day
from exchange.web.language import plain
from exchange.web.session import actor, house
from exchange.web.shell import pages, read, render
from exchange.web.words import WORDS, word

_PER_PAGE = 20
_GROUPS = {"price_kind": "plan", "orderable": "orderable"}


def _chosen() -> dict[str, list[str]]:
    """The filters of the address, only those that exist."""
    given = {name: flask.request.args.getlist(name) for name in FACETS}
    return {name: [value for value in values if value] for name, values in given.items() if any(values)}


def _params(chosen: dict[str, list[str]]) -> SearchParams:
    args = flask.request.args
    return SearchParams(
        text=args.get("q", "").strip(),
        filters={name: frozenset(values) for name, values in chosen.items()},
        sort=Sort(args["sort"]) if args.get("sort") in set(Sort) else Sort.RELEVANCE,
        offset=args.get("offset", 0, type=int),
        limit=_PER_PAGE,
    )


@pages.get("/search")
def search_page() -> flask.Response:
    chosen = _chosen()
    asked = _params(chosen)
    try:
        found = search.search(house(), actor(), asked, peer=flask.request.remote_addr or "")
    except DomainError as problem:
        return _empty(asked, chosen, problem)
    return render(
        "market/search.html", q=asked.text, chosen=chosen, sort=str(asked.sort), sorts=_sorts(), total=found.total,
        hits=hits.rows(actor(), found.hits), facets=_facets(found.facets), facet_word=_words_of(found),
        without=lambda name, value: _address(chosen, drop=(name, value)),
        sorted_by=lambda code: _address(chosen, sort=code), better=found.did_you_mean,
        better_address=_address(chosen, text=found.did_you_mean or ""), first_address=_address(chosen),
        next_address=_address(chosen, offset=found.next_offset) if found.next_offset else "",
    )  # fmt: skip


@pages.get("/search/suggestions")
def suggestions() -> flask.Response:
    """What completes the words typed into the field, for its script."""
    found = search.suggestions(house(), actor(), flask.request.args.get("q", ""))
    places = {"lst": "/listings", "ref": "/references"}
    items = [{"text": each.text, "address": f"{places[each.id[:3]]}/{each.id}"} for each in found]
    return flask.jsonify(items=items)


def _empty(asked: SearchParams, chosen: dict[str, list[str]], problem: DomainError) -> flask.Response:
    shown = render(
        "market/search.html", problem.status, problem=problem, q=asked.text, chosen=chosen, sort=str(asked.sort),
        sorts=_sorts(), total=0, hits=[], facets=[], facet_word=facet_word, without=lambda name, value: "/search",
        sorted_by=lambda code: "/search", next_address="", better="", better_address="", first_address="",
    )  # fmt: skip
    if problem.status == 503:
        shown.headers["Retry-After"] = str(problem.extra.get("retry_after", 5))
    return shown


def _sorts() -> list[tuple[str, str]]:
    return [
        ("relevance", gettext("By relevance")), ("newest", gettext("Newest first")), ("price", gettext("By price")),
        ("popularity", gettext("Most bought")), ("quality", gettext("Best described")),
    ]  # fmt: skip


def _facets(counts: object) -> list[tuple[str, str, list[tuple[str, int]]]]:
    assert isinstance(counts, dict)
    titles = {
        "kind": gettext("Kind"), "scene": gettext("Scene"), "tier": gettext("Tier"), "price_kind": gettext("Pricing"),
        "orderable": gettext("Can be ordered"), "origin": gettext("Origin"), "source": gettext("Source"),
    }  # fmt: skip
    return [
        (name, title, [pair for pair in counts.get(name, ()) if pair[0]]) for name, title in titles.items()
    ]  # fmt: skip


def _words_of(found: SearchResult) -> Callable[[str, str], str]:
    """Words for the values of facets; a source is called what its own hits call it."""
    sources = {hit.source: plain(hit.source_title) for hit in found.hits if hit.source}
    return lambda name, value: sources.get(value, value) if name == "source" else facet_word(name, value)


def facet_word(name: str, value: str) -> str:
    """The word for a value that one can filter by."""
    if name == "orderable":
        return word("orderable", value)
    if name == "tier":
        return f"L{value} {word('tier', value)}"
    group = _GROUPS.get(name, name)
    return word(group, value) if group in WORDS else value


def _address(
    chosen: dict[str, list[str]], *, text: str = "", drop: tuple[str, str] | None = None, sort: str = "",
    offset: int | None = None,
) -> str:  # fmt: skip
    """This search with other words or one filter less, in another order, or another page of it: the first one."""
    args = flask.request.args
    pairs = [("q", text or args.get("q", ""))] if text or args.get("q") else []
    pairs += [(name, value) for name, values in chosen.items() for value in values if (name, value) != drop]
    pairs += [("sort", sort or args.get("sort", ""))] if sort or args.get("sort") else []
    pairs += [("offset", str(offset))] if offset else []
    return f"/search?{urlencode(pairs)}"


@pages.get("/references/<reference_id>")
def reference(reference_id: str) -> flask.Response:
    found = read(lambda uow: references.get(uow, actor(), reference_id))
    return render("market/reference.html", reference=found, facts=_reference_facts(found))


def _reference_facts(found: ReferenceSnapshot) -> list[tuple[str, object]]:
    return [
        (gettext("Source"), plain(found.source_title) or found.source),
        (gettext("Kind"), word("kind", found.kind)),
        (gettext("Scene"), word("scene", found.scene) if found.scene else "—"),
        (gettext("Origin"), word("origin", found.origin) if found.origin else "—"),
        (gettext("Pricing"), word("plan", found.price_kind)),
        (gettext("Changed at the source"), day(found.source_updated_at)),
        (gettext("Read on"), day(found.imported_at)),
    ]
