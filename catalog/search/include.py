"""Search's place in the house."""

from __future__ import annotations

from catalog.listings.events import ListingChanged, ListingNarrowed
from catalog.references.events import ReferencesChanged, ReferencesNarrowed
from catalog.search import handlers
from catalog.search.asked.tally import Tally
from catalog.search.asked.views import api as asked
from catalog.search.engines import engine_for
from catalog.search.saved.views import api as saved
from catalog.search.synonyms.views import api as synonyms
from catalog.search.types import SearchEngine
from catalog.search.views import api
from core.house import House


def include(house: House) -> None:
    house.provide(SearchEngine, engine_for(house))  # type: ignore[type-abstract]
    registry = house.registry
    registry.inline(ListingChanged, handlers.note_listing)
    registry.inline(ListingNarrowed, handlers.hide_listing)
    registry.inline(ReferencesChanged, handlers.note_references)
    registry.inline(ReferencesNarrowed, handlers.hide_references)
    registry.later(ListingChanged, "search.listing", handlers.catch_up)
    registry.later(ListingNarrowed, "search.narrowed", handlers.catch_up)
    registry.later(ReferencesChanged, "search.references", handlers.catch_up)
    house.provide(Tally, Tally())
    for each in (api, asked, saved, synonyms):
        house.add_api(each)
