"""What search does when listings and references change."""

from __future__ import annotations

from catalog.listings.events import ListingChanged, ListingNarrowed
from catalog.references.events import ReferencesChanged, ReferencesNarrowed
from catalog.search import exclusions, service
from core.db import Uow
from core.house import House


def on_listing_narrowed(uow: Uow, event: ListingNarrowed) -> None:
    exclusions.exclude(uow, [event.listing_id])


def on_references_narrowed(uow: Uow, event: ReferencesNarrowed) -> None:
    exclusions.exclude(uow, event.ids)


def on_listing_changed(house: House, event: ListingChanged) -> None:
    service.bring(house, [event.listing_id])


def on_references_changed(house: House, event: ReferencesChanged) -> None:
    service.bring(house, list(event.ids))
