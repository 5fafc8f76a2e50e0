"""Every hit of an engine is confirmed against the database before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.listings import queries as listings
from catalog.listings.types import ListingBrief
from catalog.references import queries as references
from catalog.search import documents
from catalog.search.types import REFERENCE, SearchHit
from compliance.identity import queries as identity
from compliance.policy import Clause, Predicate, listing_predicate
from core.actor import Actor
from core.db import Uow
from core.ids import is_id


def visible_to(actor: Actor) -> tuple[Clause, ...]:
    """Policy's clauses for listings, and imported references for everybody."""
    return (*listing_predicate(actor).clauses, Clause(states=frozenset({REFERENCE})))


def confirmed(uow: Uow, actor: Actor, ids: Sequence[str], wanted: Sequence[str] = ()) -> list[SearchHit]:
    """The hits among ``ids`` that the actor may see at this moment, in the same order."""
    own = [found for found in ids if is_id("lst", found)]
    hits = _own_hits(uow, actor, own, wanted) if own else {}
    if len(own) < len(ids):
        for key, reference in references.findable(uow, ids).items():
            hits[key] = documents.hit_of_reference(reference, wanted)
    return [hits[key] for key in ids if key in hits]


def _own_hits(uow: Uow, actor: Actor, ids: Sequence[str], wanted: Sequence[str]) -> dict[str, SearchHit]:
    predicate = listing_predicate(actor)
    seen = {key: row for key, row in listings.briefs(uow, ids).items() if _admits(predicate, row)}
    suppliers = identity.names(uow, [row.supplier_id for row in seen.values()]) if seen else {}
    currency = uow.house.settings.currency
    return {
        key: documents.hit_of_listing(row, suppliers.get(row.supplier_id, {}), currency, wanted)
        for key, row in seen.items()
    }


def _admits(predicate: Predicate, listing: ListingBrief) -> bool:
    return predicate.admits(state=listing.state, tier=listing.tier, owner=listing.supplier_id, listing_id=listing.id)
