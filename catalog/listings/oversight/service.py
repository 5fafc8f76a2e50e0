"""Lowering a tier, letting what was stopped be reviewed anew, and the calendar of reviews."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from catalog.listings import queries
from catalog.listings.errors import ListingStateConflict, TierNotLowered
from catalog.listings.events import ListingNarrowed, ReviewDue
from catalog.listings.models import Listing
from catalog.listings.rules import follow
from catalog.listings.service import changed, for_change, hand_in
from catalog.listings.types import ListingSnapshot, ListingState
from compliance.policy import require
from compliance.review import queries as reviews
from compliance.review.service import regrade
from compliance.tiers import derive, profile
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.problems import Sentence
from core.turns import each_by_itself

_CALLED_IN_BEFORE = timedelta(days=30)
_MOST_AT_ONCE = 100


def lower_tier(uow: Uow, actor: Actor, listing_id: str, *, tier: int, reason: str) -> ListingSnapshot:
    """A reviewer lowers the tier of what is being reviewed, with a reason; it holds for this revision only.

    Below what the data and the stated harm ask for only a compliance officer goes. What people approved of the review
    is taken back, as the approvals are now those of the new tier. Raises ListingNotFound, PolicyRefused,
    ListingStateConflict, TierNotLowered.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:lower_tier")
    review = reviews.open_of(uow, listing.id)
    if listing.state != ListingState.IN_REVIEW or review is None:
        raise ListingStateConflict("A tier is lowered while the listing is being reviewed.", state=listing.state)
    require(actor, "review:work", reviews.resource_of(review))
    if tier >= listing.tier:
        raise TierNotLowered(Sentence("It is L%(tier)s now.", tier=listing.tier), field="tier")
    if tier < asked_for(uow, listing):
        decision = require(actor, "listing:lower_below_scan", queries.resource_of(uow.house, listing))
    before, listing.tier = listing.tier, tier
    listing.raised_tier = min(listing.raised_tier, tier)
    listing.lowered_to, listing.lowered_for = tier, listing.revision_id
    regrade(uow, listing.id, tier)
    said = {"from": str(before), "tier": str(tier), "reason": reason}
    return changed(uow, actor, listing, "lower_tier", decision, said)


def asked_for(uow: Uow, listing: Listing) -> int:
    """The strictest that the data itself and the harm that the supplier stated ask for."""
    found = listing.proposed_tier or 0
    if not listing.impact:
        return found
    stated = json.loads(listing.impact)
    return max(found, derive(profile(uow.house.settings.tier_profile), stated["object"], stated["degree"]).level)


def reinstate(uow: Uow, actor: Actor, listing_id: str, *, reason: str) -> ListingSnapshot:
    """An officer lets what was stopped be reviewed anew; approved, it is on sale again and rights in it go on.

    Raises ListingNotFound, PolicyRefused, ListingStateConflict.
    """
    listing, decision = for_change(uow, actor, listing_id, "listing:suspend")
    listing.state = follow(listing.state, "reinstate")
    hand_in(uow, actor, listing)
    listing.reason = reason
    return changed(uow, actor, listing, "reinstate", decision, {"reason": reason})


def tend(house: House) -> int:
    """The calendar: what is due soon is called in while it stays on sale, what is overdue goes off sale.

    Answers for how many listings there was something to do.
    """
    called = each_by_itself(house, house.db.read(lambda uow: _waiting(uow, _soon(uow))), _call_in)
    return called + each_by_itself(house, house.db.read(lambda uow: _waiting(uow, _overdue(uow))), _take_off)


def _soon(uow: Uow) -> ColumnElement[bool]:
    return (Listing.review_by <= uow.now() + _CALLED_IN_BEFORE) & Listing.called_in_at.is_(None)


def _overdue(uow: Uow) -> ColumnElement[bool]:
    return Listing.review_by <= uow.now()


def _waiting(uow: Uow, when: ColumnElement[bool]) -> list[str]:
    statement = select(Listing.id).where(Listing.state == ListingState.LISTED, when).order_by(Listing.review_by)
    return list(uow.session.execute(statement.limit(_MOST_AT_ONCE)).scalars())


def _call_in(uow: Uow, listing_id: str) -> bool:
    listing = _still(uow, listing_id, _soon(uow))
    if listing is None or listing.review_by is None:
        return False
    hand_in(uow, SYSTEM, listing, due_by=listing.review_by)
    listing.called_in_at = uow.now()
    due = listing.review_by.isoformat()
    changed(uow, SYSTEM, listing, "call_in", None, {"due_by": due})
    uow.emit(ReviewDue(listing_id=listing.id, supplier_id=listing.supplier_id, due_by=due))
    return True


def _take_off(uow: Uow, listing_id: str) -> bool:
    listing = _still(uow, listing_id, _overdue(uow))
    if listing is None:
        return False
    listing.state = follow(listing.state, "reconsider")
    uow.emit(ListingNarrowed(listing_id=listing.id))
    if reviews.open_of(uow, listing.id) is None:
        hand_in(uow, SYSTEM, listing)
    changed(uow, SYSTEM, listing, "overdue", None)
    return True


def _still(uow: Uow, listing_id: str, when: ColumnElement[bool]) -> Listing | None:
    """The listing, unless it moved on since it was looked for."""
    statement = select(Listing).where(Listing.id == listing_id, Listing.state == ListingState.LISTED, when)
    return uow.session.execute(statement.with_for_update(of=Listing)).scalar_one_or_none()
