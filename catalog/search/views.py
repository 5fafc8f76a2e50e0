"""The API of search. The views open their own units: none is open while the engine works."""

from __future__ import annotations

from typing import Any

import flask

from catalog.search import queries
from catalog.search.schemas import SearchOut, SearchQuery, SimilarOut, SuggestionQuery, SuggestionsOut
from catalog.search.types import FACETS, SearchParams, SearchResult, Sort
from core import http
from core.actor import Actor
from core.house import House

api = http.Api("search")


@api.raw(
    "GET", "/search", query=SearchQuery, answer=SearchOut, who=http.ANYONE,
    summary="Find listings, and listings of other exchanges",
)  # fmt: skip
def search(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    query = http.load(SearchQuery, request.args.to_dict(), where="query")
    found = queries.search(house, actor, params_of(query), peer=request.remote_addr or "")
    return http.respond(200, http.dump(SearchOut, _wire(found)))


@api.raw(
    "GET", "/search/suggestions", query=SuggestionQuery, answer=SuggestionsOut, who=http.ANYONE,
    summary="Titles that complete what was typed",
)  # fmt: skip
def suggest(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    query = http.load(SuggestionQuery, request.args.to_dict(), where="query")
    return http.respond(
        200, http.dump(SuggestionsOut, {"items": queries.suggestions(house, actor, query["q"], query["limit"])})
    )


@api.raw(
    "GET", "/listings/<listing_id>/similar", answer=SimilarOut, who=http.ANYONE,
    summary="What is like a listing, as far as you may see it",
)  # fmt: skip
def similar(house: House, actor: Actor, request: flask.Request, listing_id: str) -> flask.Response:
    return http.respond(200, http.dump(SimilarOut, {"items": queries.similar(house, actor, listing_id)}))


def params_of(query: dict[str, Any]) -> SearchParams:
    """Search parameters from a loaded query; several values of a filter stand with commas between them."""
    filters = {name: frozenset(filter(None, query.get(name, "").split(","))) for name in FACETS}
    return SearchParams(
        text=query["q"], filters={name: values for name, values in filters.items() if values},
        sort=Sort(query["sort"]), offset=query["offset"], limit=query["limit"],
    )  # fmt: skip


def _wire(result: SearchResult) -> dict[str, Any]:
    facets = {
        name: [{"value": value, "count": count} for value, count in counts] for name, counts in result.facets.items()
    }
    return {
        "items": result.hits, "total": result.total, "facets": facets, "next_offset": result.next_offset,
        "did_you_mean": result.did_you_mean,
    }  # fmt: skip
