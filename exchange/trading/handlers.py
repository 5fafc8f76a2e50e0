"""Reactions of the trade to what happens to listings, to their buyers, and to what was signed."""

from __future__ import annotations

from billing.dunning.events import BuyerOverdue
from catalog.listings.events import ListingChanged, ListingResumed, ListingStopped
from compliance.exports.events import ClearanceRecorded, PersonsCounted
from compliance.identity.events import QualificationChanged
from compliance.policy.events import RelationChanged
from compliance.policy.relations import RelationKind
from core.db import Uow
from exchange.trading import regrading


def follow_tier(uow: Uow, event: ListingChanged) -> None:
    regrading.follow_tier(uow, event.listing_id)


def follow_stop(uow: Uow, event: ListingStopped | ListingResumed) -> None:
    regrading.judge_listing(uow, event.listing_id)


def follow_qualification(uow: Uow, event: QualificationChanged) -> None:
    regrading.judge_holder(uow, event.organisation_id)


def follow_clearance(uow: Uow, event: ClearanceRecorded | PersonsCounted) -> None:
    regrading.judge_cleared(uow, event.organisation_id)


def follow_overdue(uow: Uow, event: BuyerOverdue) -> None:
    regrading.judge_holder(uow, event.buyer_id)


def follow_signatures(uow: Uow, event: RelationChanged) -> None:
    if event.kind == RelationKind.CONTRACT:
        regrading.judge_order(uow, event.object_id)
    elif event.kind == RelationKind.NDA:
        regrading.judge_bound(uow, event.organisation_id, event.object_id)
