"""What happens around reviews, told to those it concerns: words, claims, what is due, what is stopped; and alerts."""

from __future__ import annotations

from datetime import datetime

from catalog.listings import queries as listings
from catalog.listings.events import ListingResumed, ListingStopped, ReviewDue
from catalog.references.claims import queries as claims
from catalog.references.claims.events import ClaimDecided, ClaimMade
from compliance.identity import queries as identity
from compliance.review.events import ReviewCommented
from core.actor import Actor
from core.db import Uow
from core.house import House
from exchange.notices.handlers import OFFICERS, supplier
from exchange.notices.service import tell
from exchange.notices.types import Audience
from exchange.oversight import queries as oversight
from exchange.oversight.events import AlertRaised

REVIEWERS = Audience(None, ("reviewer",))
_READER = Actor(platform_roles=frozenset({"officer"}))


def review_commented(house: House, event: ReviewCommented) -> None:
    to = supplier(event.owner_id) if event.side == "reviewer" else REVIEWERS
    key, address = f"{event.comment_id}:comment", f"/review/{event.review_id}"
    house.db.write(lambda uow: _of_listing(uow, event.subject_id, key, "review:comment", to, address))


def review_due(house: House, event: ReviewDue) -> None:
    due, address = datetime.fromisoformat(event.due_by), f"/listings/{event.listing_id}"
    key = f"{event.listing_id}:due:{event.due_by}"
    house.db.write(
        lambda uow: _of_listing(uow, event.listing_id, key, "review:due", supplier(event.supplier_id), address, due)
    )


def stopped(house: House, event: ListingStopped) -> None:
    _of_stop(house, event.listing_id, "listing:stopped")


def resumed(house: House, event: ListingResumed) -> None:
    _of_stop(house, event.listing_id, "listing:resumed")


def _of_stop(house: House, listing_id: str, code: str) -> None:
    def work(uow: Uow) -> None:
        listing = listings.many(uow, [listing_id], brief=True)[listing_id]
        key = f"{listing_id}:{code}:{listing.version}"
        _of_listing(uow, listing_id, key, code, supplier(listing.supplier_id), f"/listings/{listing_id}")

    house.db.write(work)


def _of_listing(
    uow: Uow, listing_id: str, key: str, code: str, to: Audience, address: str, due_at: datetime | None = None
) -> None:
    listing = listings.many(uow, [listing_id], brief=True)[listing_id]
    tell(
        uow, key=key, code=code, topic="listings", to=[to], subject_id=listing_id, subject=listing.title,
        address=address, note=listing.reason, due_at=due_at,
    )  # fmt: skip


def claim_made(house: House, event: ClaimMade) -> None:
    _of_claim(house, event.claim_id, "claim:made", OFFICERS)


def claim_decided(house: House, event: ClaimDecided) -> None:
    _of_claim(house, event.claim_id, f"claim:{event.state}", supplier(event.organisation_id))


def _of_claim(house: House, claim_id: str, code: str, to: Audience) -> None:
    def work(uow: Uow) -> None:
        found = claims.get(uow, _READER, claim_id)
        tell(
            uow, key=f"{claim_id}:{code}", code=code, topic="listings", to=[to], subject_id=claim_id,
            subject=found.title, address=f"/claims/{claim_id}", note=found.reason,
        )  # fmt: skip

    house.db.write(work)


def alert_raised(house: House, event: AlertRaised) -> None:
    """Officers are told once, however its figures grow."""

    def work(uow: Uow) -> None:
        found = oversight.present(uow, event.alert_id)
        if found is not None:
            own = identity.organisation(uow, found.organisation_id)
            tell(
                uow, key=found.id, code=f"alert:{found.rule}", topic="alerts", to=[OFFICERS], subject_id=found.id,
                subject={"zh": own.name, "en": own.name_en or own.name}, address=f"/oversight/alerts/{found.id}",
            )  # fmt: skip

    house.db.write(work)
