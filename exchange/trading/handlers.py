"""Reactions of the trade to what happens to listings."""

from __future__ import annotations

from catalog.listings.events import ListingChanged
from core.db import Uow
from exchange.trading import rights


def follow_tier(uow: Uow, event: ListingChanged) -> None:
    rights.follow_tier(uow, event.listing_id)
