"""What references do when the listing that was made of one comes on sale."""

from __future__ import annotations

from catalog.listings import queries as listings
from catalog.listings.events import ListingChanged
from catalog.listings.types import ListingState
from catalog.references.claims import service
from core.db import Uow


def replace(uow: Uow, event: ListingChanged) -> None:
    if listings.state(uow, event.listing_id) == ListingState.LISTED:
        service.replace(uow, event.listing_id)
