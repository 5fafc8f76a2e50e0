"""Lowering a tier, stopping and letting back, and the calendar of reviews."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalog.listings import queries, service
from catalog.listings.errors import ListingNotFound, ListingStateConflict, TierNotLowered
from catalog.listings.events import ReviewDue
from catalog.listings.oversight import service as oversight
from catalog.listings.types import ListingSnapshot
from compliance.policy import PolicyRefused
from compliance.review import queries as reviews
from core.db import Uow
from core.house import House
from exchange.trading import queries as trading
from tests import build
from tests.build import Built

PLANTED = "visitor,phone\nVisitor 1,13812345678\n"


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house)


@pytest.fixture
def reviewer(house: House) -> Built:
    return build.platform_person(house, "reviewer")


@pytest.fixture
def officer(house: House) -> Built:
    return build.platform_person(house, "officer")


def _handed_in(house: House, supplier: Built, content: str = build.TABLE, tier: int = 0) -> ListingSnapshot:
    made = build.draft(house, supplier, files=[build.file(house, supplier, content).id])
    if tier > made.tier:
        house.db.write(lambda uow: service.raise_tier(uow, supplier.actor, made.id, tier=tier))
    return house.db.write(lambda uow: service.submit(uow, supplier.actor, made.id))


def _lower(house: House, who: Built, listing_id: str, tier: int) -> ListingSnapshot:
    return house.db.write(
        lambda uow: oversight.lower_tier(uow, who.actor, listing_id, tier=tier, reason="only weather in it")
    )


def _state(house: House, who: Built, listing_id: str) -> str:
    return str(house.db.read(lambda uow: queries.get(uow, who.actor, listing_id)).state)


def test_a_reviewer_lowers_what_was_raised_but_not_below_the_scan(
    house: House, supplier: Built, reviewer: Built, officer: Built
) -> None:
    listing = _handed_in(house, supplier, PLANTED, tier=4)
    for who in (supplier, build.organisation(house)):
        with pytest.raises((PolicyRefused, ListingNotFound)):
            _lower(house, who, listing.id, 3)
    with pytest.raises(TierNotLowered):
        _lower(house, reviewer, listing.id, 4)
    assert _lower(house, reviewer, listing.id, 3).tier == 3
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert review is not None
    assert (review.tier, [each.kind for each in review.approvals]) == (3, ["reviewer", "officer"])
    with pytest.raises(PolicyRefused) as refused:
        _lower(house, reviewer, listing.id, 1)
    assert refused.value.code == "officer_role_needed"
    assert _lower(house, officer, listing.id, 1).tier == 1
    assert build.approved(house, supplier, listing.id).tier == 1
    with pytest.raises(ListingStateConflict):
        _lower(house, reviewer, listing.id, 0)


def test_what_was_lowered_holds_for_the_revision_that_was_looked_at(
    house: House, supplier: Built, officer: Built
) -> None:
    listing = _handed_in(house, supplier, PLANTED)
    _lower(house, officer, listing.id, 1)
    build.approved(house, supplier, listing.id)
    house.db.write(
        lambda uow: service.edit(uow, supplier.actor, listing.id, _version(uow, listing.id), {"tags": ["x"]})
    )
    again = house.db.write(lambda uow: service.submit(uow, supplier.actor, listing.id))
    assert (again.tier, again.proposed_tier) == (1, 3)
    build.approved(house, supplier, listing.id)
    other = build.file(house, supplier, PLANTED + "Visitor 2,13812345679\n")
    revised = house.db.write(lambda uow: service.add_revision(uow, supplier.actor, listing.id, [other.id]))
    assert revised.tier == 3


def _version(uow: Uow, listing_id: str) -> int:
    return queries.many(uow, [listing_id])[listing_id].version


def test_an_emergency_stop_rests_the_rights_until_the_listing_has_passed_review_again(
    house: House, supplier: Built, officer: Built
) -> None:
    listing = build.listed(house, supplier)
    buyer = build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, listing)

    def lacking() -> str:
        right = house.db.read(lambda uow: trading.get(uow, buyer.actor, order.id)).entitlement
        assert right is not None
        (compiled,) = house.db.read(lambda uow: trading.compiled(uow, [right.id]))
        return compiled.lacking

    assert lacking() == ""
    house.db.write(lambda uow: service.suspend(uow, officer.actor, listing.id, reason="source in doubt"))
    assert lacking() == "listing_stopped"
    house.db.write(lambda uow: service.withdraw(uow, supplier.actor, listing.id))
    assert lacking() == "listing_stopped"
    house.db.write(lambda uow: service.suspend(uow, officer.actor, listing.id, reason="still"))
    with pytest.raises(PolicyRefused):
        house.db.write(lambda uow: oversight.reinstate(uow, supplier.actor, listing.id, reason="please"))
    house.db.write(lambda uow: oversight.reinstate(uow, officer.actor, listing.id, reason="cleared"))
    assert (lacking(), _state(house, supplier, listing.id)) == ("listing_stopped", "in_review")
    build.approved(house, supplier, listing.id)
    assert (lacking(), _state(house, supplier, listing.id)) == ("", "listed")


def test_the_calendar_calls_in_what_is_due_and_takes_off_sale_what_is_overdue(
    house: House, supplier: Built, reviewer: Built
) -> None:
    told: list[str] = []
    house.registry.inline(ReviewDue, lambda uow, event: told.append(event.listing_id))
    first, second = (build.listed(house, supplier, reviewer=reviewer) for _ in range(2))
    assert oversight.tend(house) == 0
    due = house.db.read(lambda uow: queries.get(uow, supplier.actor, first.id)).review_by
    assert due is not None
    house.clock.advance(due - house.clock.now() - timedelta(days=20))
    assert (oversight.tend(house), oversight.tend(house)) == (2, 0)
    assert sorted(told) == sorted([first.id, second.id])
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, first.id))
    assert review is not None
    assert (review.state, review.due_by, review.submitted_by) == ("open", due, supplier.actor.account_id)
    assert _state(house, supplier, first.id) == "listed"
    build.approved(house, supplier, first.id, reviewer=reviewer)
    house.clock.advance(timedelta(days=21))
    assert oversight.tend(house) == 1
    assert (_state(house, supplier, first.id), _state(house, supplier, second.id)) == ("listed", "in_review")
    assert build.approved(house, supplier, second.id, reviewer=reviewer).state == "listed"


def test_a_review_ends_without_outcome_when_its_listing_is_changed_meanwhile(
    house: House, supplier: Built, reviewer: Built
) -> None:
    listing = build.listed(house, supplier, reviewer=reviewer)
    due = house.db.read(lambda uow: queries.get(uow, supplier.actor, listing.id)).review_by
    assert due is not None
    house.clock.advance(due - house.clock.now() - timedelta(days=20))
    oversight.tend(house)
    house.db.write(lambda uow: service.withdraw(uow, supplier.actor, listing.id))
    review = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert review is not None
    assert review.state == "dropped"
    assert house.db.read(lambda uow: reviews.open_of(uow, listing.id)) is None


@pytest.mark.parametrize("state", ["draft", "in_review"])
def test_an_edit_takes_nothing_out_of_an_officers_reach(
    house: House, supplier: Built, officer: Built, state: str
) -> None:
    buyer = build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, supplier))
    version = house.db.read(lambda uow: queries.get(uow, supplier.actor, order.listing_id)).version
    house.db.write(
        lambda uow: service.edit(uow, supplier.actor, order.listing_id, version, {"summary": {"en": "Better"}})
    )
    if state == "in_review":
        house.db.write(lambda uow: service.submit(uow, supplier.actor, order.listing_id))
    stopped = house.db.write(lambda uow: service.suspend(uow, officer.actor, order.listing_id, reason="a complaint"))
    assert stopped.state == "suspended"
    assert order.entitlement is not None
    entitlement_id = order.entitlement.id
    assert house.db.read(lambda uow: trading.compiled(uow, [entitlement_id]))[0].lacking == "listing_stopped"
