"""Facts of listings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ListingChanged(Event):
    """Something of a listing changed; whoever keeps a copy brings it in line with the present state."""

    name: ClassVar[str] = "listings.changed"
    listing_id: str


@dataclass(frozen=True)
class ListingNarrowed(Event):
    """Fewer people may see the listing than a moment ago: copies must stop showing it in this very unit."""

    name: ClassVar[str] = "listings.narrowed"
    listing_id: str
