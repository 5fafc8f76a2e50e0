"""What search does when listings and references change."""

from __future__ import annotations

from catalog.listings.events import ListingChanged, ListingNarrowed
from catalog.references.events import ReferencesChanged, ReferencesNarrowed
from catalog.search import pending, service
from core.db import Uow
from core.house import House


def note_listing(uow: Uow, event: ListingChanged) -> None:
    pending.note(uow, [event.listing_id])


def note_references(uow: Uow, event: ReferencesChanged) -> None:
    pending.note(uow, event.ids)


def hide_listing(uow: Uow, event: ListingNarrowed) -> None:
    pending.note(uow, [event.listing_id], hidden=True)


def hide_references(uow: Uow, event: ReferencesNarrowed) -> None:
    pending.note(uow, event.ids, hidden=True)


def catch_up(house: House, _event: ListingChanged | ListingNarrowed | ReferencesChanged) -> None:
    """At once where the index lies here. One that lies elsewhere may be slow, and nothing else waits with it."""
    if not house.settings.search_url:
        service.catch_up(house)
