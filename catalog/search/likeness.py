"""Listings that are like another: they share its words and tags."""

from __future__ import annotations

from catalog.search import analysis, asking
from catalog.search.confirming import confirmed, visible_to
from catalog.search.question import MOST_TERMS, Question, Wanted
from catalog.search.types import Ask, SearchEngine, SearchHit
from core.actor import Actor
from core.house import House

_LOOKED_AT, _AT_ONCE = 24, 8
_MOST_READ = 100_000
"""What very many listings hold makes no two of them alike, and takes long to read."""
_SHARED = 3
"""So many terms in common make two things alike, or one tag."""


def like(house: House, actor: Actor, listing: SearchHit, hidden: frozenset[str], limit: int) -> list[SearchHit]:
    """What the actor may see that is like the listing, most alike first; nothing rather than something else."""
    texts = [*listing.title.values(), *listing.tags]
    terms = list(dict.fromkeys(term for text in texts for term in analysis.query_terms(text)))[:MOST_TERMS]
    ask = Ask(question=_question(terms), visible=visible_to(actor), excluded=hidden | {listing.id}, limit=_LOOKED_AT)
    ids = asking.answer(house.adapter(SearchEngine), ask).ids  # type: ignore[type-abstract]
    shared, tags, found = frozenset(terms), frozenset(listing.tags), list[SearchHit]()
    while ids and len(found) < limit:
        part, ids = ids[:_AT_ONCE], ids[_AT_ONCE:]
        hits = house.db.read(lambda uow, part=part: confirmed(uow, actor, part))  # type: ignore[misc]
        found += [hit for hit in hits if _alike(hit, shared, tags)]
    return found[:limit]


def _question(terms: list[str]) -> Question:
    """In titles and tags only: what is like it shares those, and they are soon read."""
    wanted = tuple(Wanted(field, (term,), 1.0) for term in terms for field in ("title", "tags"))
    return Question(wanted, most_read=_MOST_READ)


def _alike(hit: SearchHit, terms: frozenset[str], tags: frozenset[str]) -> bool:
    held = {term for text in (*hit.title.values(), *hit.tags) for term in analysis.terms(text)}
    return bool(tags & set(hit.tags)) or len(held & terms) >= _SHARED
