"""Searching as somebody: predicate, engine, confirmation, in that order, and no unit open while the engine works."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from catalog.references import queries as references
from catalog.search import analysis, documents, pending, question
from catalog.search.errors import SearchInvalid, TooFar
from catalog.search.types import (
    FACETS,
    MOST_RESULTS,
    REFERENCE,
    Ask,
    SearchEngine,
    SearchHit,
    SearchParams,
    SearchResult,
    Suggestion,
)
from compliance.identity import queries as identity
from compliance.policy import Clause, Predicate, listing_predicate
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import is_id
from core.problems import Sentence

LONGEST_QUERY = 300
MOST_PER_PAGE = 100


def search(house: House, actor: Actor, params: SearchParams) -> SearchResult:
    """What ``actor`` may find. Every hit is confirmed against the database before it is answered.

    Call it outside of any unit. Raises SearchInvalid, TooFar or IndexNotReady.
    """
    _check(params)
    visible = visible_to(actor)
    hidden = house.db.read(pending.hidden)
    answer = house.adapter(SearchEngine).search(_ask(params, visible, hidden))  # type: ignore[type-abstract]
    wanted = question.shown_terms(params.text)
    hits = house.db.read(lambda uow: _confirmed(uow, actor, answer.ids, wanted))
    following = params.offset + params.limit
    more = following < min(answer.total, MOST_RESULTS)
    return SearchResult(tuple(hits), answer.total, answer.facets, following if more else None)


def suggestions(house: House, actor: Actor, prefix: str, limit: int = 8) -> list[Suggestion]:
    """Titles that complete what was typed, of things that ``actor`` may find; each title once."""
    typed = prefix.strip()[:LONGEST_QUERY]
    hidden = house.db.read(pending.hidden)
    engine = house.adapter(SearchEngine)  # type: ignore[type-abstract]
    ids = engine.suggest(typed, visible_to(actor), hidden, 4 * limit)
    hits = house.db.read(lambda uow: _confirmed(uow, actor, ids, ()))
    found: dict[str, str] = {}
    for hit in hits:
        found.setdefault(_fitting_title(hit, typed), hit.id)
    return [Suggestion(text, hit_id) for text, hit_id in found.items()][:limit]


def visible_to(actor: Actor) -> tuple[Clause, ...]:
    """Policy's clauses for listings, and imported references for everybody."""
    return (*listing_predicate(actor).clauses, Clause(states=frozenset({REFERENCE})))


def _check(params: SearchParams) -> None:
    if len(params.text) > LONGEST_QUERY:
        raise SearchInvalid(Sentence("A query has at most %(longest)s characters.", longest=LONGEST_QUERY), field="q")
    unknown = (set(params.filters) | set(params.facets)) - set(FACETS)
    if unknown:
        raise SearchInvalid(
            Sentence("One cannot filter by %(names)s.", names=", ".join(sorted(unknown))), field="filters"
        )
    if not 1 <= params.limit <= MOST_PER_PAGE or params.offset < 0:
        raise SearchInvalid(Sentence("A page has 1 to %(most)s results.", most=MOST_PER_PAGE), field="limit")
    if params.offset >= MOST_RESULTS:
        raise TooFar("Make the question narrower instead.", field="offset")


def _ask(params: SearchParams, visible: tuple[Clause, ...], hidden: frozenset[str]) -> Ask:
    return Ask(
        question=question.ask(params.text), visible=visible, excluded=hidden, filters=params.filters,
        facets=params.facets, sort=params.sort, offset=params.offset, limit=params.limit,
    )  # fmt: skip


def _confirmed(uow: Uow, actor: Actor, ids: Sequence[str], wanted: Sequence[str]) -> list[SearchHit]:
    """The hits among ``ids`` that the actor may see at this moment, in the same order."""
    own = [found for found in ids if is_id("lst", found)]
    hits = _own_hits(uow, actor, own, wanted) if own else {}
    if len(own) < len(ids):
        currency = uow.house.settings.currency
        for key, reference in references.findable(uow, ids).items():
            hits[key] = documents.hit_of_reference(reference, currency, wanted)
    return [hits[key] for key in ids if key in hits]


def _own_hits(uow: Uow, actor: Actor, ids: Sequence[str], wanted: Sequence[str]) -> dict[str, SearchHit]:
    predicate = listing_predicate(actor)
    seen = {key: row for key, row in listings.many(uow, ids, brief=True).items() if _admits(uow.house, predicate, row)}
    suppliers = identity.organisations(uow, [row.supplier_id for row in seen.values()]) if seen else {}
    return {
        key: documents.hit_of_listing(uow.house, row, suppliers.get(row.supplier_id), wanted)
        for key, row in seen.items()
    }


def _admits(house: House, predicate: Predicate, listing: ListingSnapshot) -> bool:
    seen = documents.of_listing(house, listing, None)
    return predicate.admits(state=seen.state, tier=seen.tier, owner=seen.owner, listing_id=seen.id)


def _fitting_title(hit: SearchHit, typed: str) -> str:
    """The title in the language that was typed in, as far as one can tell."""
    runs = analysis.runs(typed)
    languages = ("zh", "en") if runs and analysis.is_han(runs[0]) else ("en", "zh")
    begun = "".join(runs)
    titles = [hit.title[language] for language in languages if hit.title.get(language)]
    return next((title for title in titles if begun in "".join(analysis.runs(title))), titles[0] if titles else hit.id)
