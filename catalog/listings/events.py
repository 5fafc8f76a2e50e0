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


@dataclass(frozen=True)
class ListingStopped(Event):
    """An officer withdrew the listing in an emergency: rights in it rest until it has passed review again."""

    name: ClassVar[str] = "listings.stopped"
    listing_id: str


@dataclass(frozen=True)
class ListingResumed(Event):
    """A stopped listing has passed review again: rights in it go on."""

    name: ClassVar[str] = "listings.resumed"
    listing_id: str


@dataclass(frozen=True)
class ReviewDue(Event):
    """A listing on sale is called in for its next review; unless it passes by then it goes off sale."""

    name: ClassVar[str] = "listings.review_due"
    listing_id: str
    supplier_id: str
    due_by: str
