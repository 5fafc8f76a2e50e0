"""Searching as somebody: predicate, engine, confirmation, in that order, and no unit open while the engine works."""

from __future__ import annotations

from dataclasses import replace

from catalog.listings.errors import ListingNotFound
from catalog.search import analysis, asking, likeness, pending, question, spelling
from catalog.search.asked import service as asked
from catalog.search.confirming import confirmed, visible_to
from catalog.search.errors import SearchInvalid, TooFar
from catalog.search.lexicon import Lexicon
from catalog.search.synonyms import service as synonyms
from catalog.search.types import (
    FACETS,
    MOST_RESULTS,
    Ask,
    SearchEngine,
    SearchHit,
    SearchParams,
    SearchResult,
    Suggestion,
)
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.problems import Sentence

LONGEST_QUERY = 300
MOST_PER_PAGE = 100
FEW = 3
"""With fewer hits than this another spelling is looked for."""


def search(house: House, actor: Actor, params: SearchParams, *, peer: str = "") -> SearchResult:
    """What ``actor`` may find, and when that is little, how else it may be spelled. What was asked is counted.

    ``peer`` is the address of who asks, so that who has not signed in counts once; it is not kept. Call it outside of
    any unit. Raises SearchInvalid, TooFar or IndexNotReady.
    """
    result = look(house, actor, params)
    if params.offset or not params.text.strip():
        return result
    asked.note(house, actor, params.text, [hit.id for hit in result.hits], total=result.total, peer=peer)
    if result.total >= FEW:
        return result
    return replace(result, did_you_mean=spelling.better(house, actor, params.text))


def look(house: House, actor: Actor, params: SearchParams) -> SearchResult:
    """What ``actor`` may find. Every hit is confirmed against the database before it is answered.

    Call it outside of any unit. Raises SearchInvalid, TooFar or IndexNotReady.
    """
    _check(params)
    hidden, also = house.db.read(_known)
    ask = Ask(
        question=question.ask(params.text, also), visible=visible_to(actor), excluded=hidden, filters=params.filters,
        facets=params.facets, sort=params.sort, offset=params.offset, limit=params.limit,
    )  # fmt: skip
    answer = asking.answer(house.adapter(SearchEngine), ask)  # type: ignore[type-abstract]
    wanted = question.shown_terms(params.text, also)
    hits = house.db.read(lambda uow: confirmed(uow, actor, answer.ids, wanted))
    following = params.offset + params.limit
    more = following < min(answer.total, MOST_RESULTS)
    return SearchResult(tuple(hits), answer.total, answer.facets, following if more else None)


def suggestions(house: House, actor: Actor, prefix: str, limit: int = 8) -> list[Suggestion]:
    """Titles that complete what was typed, of things that ``actor`` may find; each title once."""
    typed = prefix.strip()[:LONGEST_QUERY]
    hidden = house.db.read(pending.hidden)
    engine = house.adapter(SearchEngine)  # type: ignore[type-abstract]
    ids = engine.suggest(typed, visible_to(actor), hidden, 4 * limit)
    hits = house.db.read(lambda uow: confirmed(uow, actor, ids))
    found: dict[str, str] = {}
    for hit in hits:
        found.setdefault(_fitting_title(hit, typed), hit.id)
    return [Suggestion(text, hit_id) for text, hit_id in found.items()][:limit]


def similar(house: House, actor: Actor, listing_id: str, limit: int = 4) -> list[SearchHit]:
    """What ``actor`` may find that is like a listing it may see, most alike first.

    Call it outside of any unit. Raises ListingNotFound or IndexNotReady.
    """
    seen, hidden = house.db.read(lambda uow: (confirmed(uow, actor, [listing_id]), pending.hidden(uow)))
    if not seen or seen[0].what != "listing":
        raise ListingNotFound()
    return likeness.like(house, actor, seen[0], hidden, limit)


def _known(uow: Uow) -> tuple[frozenset[str], Lexicon]:
    return pending.hidden(uow), synonyms.present(uow)


def _check(params: SearchParams) -> None:
    if len(params.text) > LONGEST_QUERY:
        raise SearchInvalid(Sentence("A query has at most %(longest)s characters.", longest=LONGEST_QUERY), field="q")
    unknown = (set(params.filters) | set(params.facets)) - set(FACETS)
    if unknown:
        raise SearchInvalid(
            Sentence("One cannot filter by %(names)s.", names=", ".join(sorted(unknown))), field="filters"
        )
    if params.offset < 0:
        raise SearchInvalid("Results are counted from 0.", field="offset")
    if not 1 <= params.limit <= MOST_PER_PAGE:
        raise SearchInvalid(Sentence("A page has 1 to %(most)s results.", most=MOST_PER_PAGE), field="limit")
    if params.offset >= MOST_RESULTS:
        raise TooFar("Make the question narrower instead.", field="offset")


def _fitting_title(hit: SearchHit, typed: str) -> str:
    """The title in the language that was typed in, as far as one can tell."""
    runs = analysis.runs(typed)
    languages = ("zh", "en") if runs and analysis.is_han(runs[0]) else ("en", "zh")
    begun = "".join(runs)
    titles = [hit.title[language] for language in languages if hit.title.get(language)]
    written = (title for title in titles if begun in "".join(analysis.runs(title)))
    spoken = (title for title in titles if any(begun in "".join(parts) for parts in analysis.ways(title)))
    return next(written, None) or next(spoken, None) or (titles[0] if titles else hit.id)
