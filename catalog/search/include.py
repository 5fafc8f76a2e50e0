"""Search's place in the house."""

from __future__ import annotations

from catalog.listings.events import ListingChanged, ListingNarrowed
from catalog.references.events import ReferencesChanged, ReferencesNarrowed
from catalog.search import handlers
from catalog.search.tantivy_engine import TantivyEngine
from catalog.search.types import SearchEngine
from catalog.search.views import api
from core.house import House


def include(house: House) -> None:
    house.provide(SearchEngine, TantivyEngine(house.settings.data / "search"))  # type: ignore[type-abstract]
    house.registry.inline(ListingNarrowed, handlers.on_listing_narrowed)
    house.registry.inline(ReferencesNarrowed, handlers.on_references_narrowed)
    house.registry.later(ListingChanged, "search.listing", handlers.on_listing_changed)
    house.registry.later(ReferencesChanged, "search.references", handlers.on_references_changed)
    house.add_api(api)
