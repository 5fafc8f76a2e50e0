"""The listing's state machine, and what it needs before a review."""

from __future__ import annotations

from catalog.listings.errors import ListingStateConflict
from catalog.listings.types import DECLARATIONS, ListingSnapshot, ListingState

_EDITABLE = frozenset({ListingState.DRAFT, ListingState.RETURNED, ListingState.LISTED, ListingState.WITHDRAWN})
TRANSITIONS: dict[str, tuple[frozenset[ListingState], ListingState]] = {
    "edit": (_EDITABLE, ListingState.DRAFT),
    "submit": (frozenset({ListingState.DRAFT, ListingState.RETURNED}), ListingState.IN_REVIEW),
    "publish": (frozenset({ListingState.IN_REVIEW}), ListingState.LISTED),
    "return": (frozenset({ListingState.IN_REVIEW}), ListingState.RETURNED),
    "withdraw": (frozenset({ListingState.LISTED, ListingState.SUSPENDED}), ListingState.WITHDRAWN),
    "suspend": (frozenset({ListingState.LISTED}), ListingState.SUSPENDED),
}


def follow(state: str, step: str) -> ListingState:
    """The state after ``step``. Raises ListingStateConflict naming the states from which it is possible.

    An edit of a listing on sale takes it off sale until it passed review again: what a reviewer saw is
    what buyers get.
    """
    allowed, target = TRANSITIONS[step]
    if state not in allowed:
        raise ListingStateConflict(
            f"The listing is {state}.", state=state, hint=f"To {step} it, it must be {' or '.join(sorted(allowed))}."
        )
    return target


def missing_for_review(listing: ListingSnapshot) -> list[str]:
    """The names of the parts that a review needs and the listing does not have."""
    parts = {
        "title": listing.title,
        "summary": listing.summary,
        "licence_terms": listing.licence_terms,
        "revision": listing.revision,
        "offer": listing.offer,
    }
    missing = [name for name, value in parts.items() if not value]
    return missing + [f"declarations.{name}" for name in DECLARATIONS if not listing.declarations.get(name)]
