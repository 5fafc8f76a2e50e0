"""What a member orders alone: by one order, in a month, in parts, at once, and of what has no amount."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from catalog.listings.types import ListingSnapshot
from compliance.audit import queries as audit
from compliance.identity import affiliates
from core.house import House
from core.problems import Invalid
from exchange.trading import queries, requirements, spending
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.servers.upstream import Upstream


@pytest.fixture
def owner(house: House) -> Built:
    return build.organisation(house, level=3)


@pytest.fixture
def clerk(house: House, owner: Built) -> Built:
    return build.member(house, owner, "buyer")


@pytest.fixture
def listing(house: House) -> ListingSnapshot:
    return build.listed(house, build.organisation(house), amount="100.00")  # 106.00 with tax


def _limit(house: House, owner: Built, member: Built, amount: str | None, monthly: str | None = None) -> None:
    account = str(member.actor.account_id)
    house.db.write(lambda uow: spending.limit(uow, owner.actor, account, amount, monthly))


def _ordered(house: House, buyer: Built, listing: ListingSnapshot) -> OrderSnapshot:
    assert listing.offer is not None
    offer = listing.offer
    return house.db.write(
        lambda uow: trading.place(
            uow, buyer.actor, listing_id=listing.id, offer_id=offer.id, purpose=offer.purposes[0], accept_terms=True
        )
    )


def test_a_purchase_in_parts_is_one_of_the_month(
    house: House, owner: Built, clerk: Built, listing: ListingSnapshot
) -> None:
    _limit(house, owner, clerk, "200.00", "300.00")
    assert [_ordered(house, clerk, listing).state for _ in range(3)] == ["placed", "placed", "agreed"]
    assert _ordered(house, owner, listing).state == "placed", "the owner has no limit"


def test_what_was_called_off_or_approved_counts_no_more_and_a_month_begins_anew(
    house: House, owner: Built, clerk: Built, listing: ListingSnapshot
) -> None:
    _limit(house, owner, clerk, "106.00")
    first, second = _ordered(house, clerk, listing), _ordered(house, clerk, listing)
    assert (first.state, second.state) == ("placed", "agreed")
    approved = house.db.write(lambda uow: requirements.meet(uow, owner.actor, second.id, "spending.buyer"))
    assert approved.state == "placed"
    house.db.write(lambda uow: trading.cancel(uow, clerk.actor, first.id, reason="not needed"))
    assert _ordered(house, clerk, listing).state == "placed"
    assert _ordered(house, clerk, listing).state == "agreed"
    house.clock.advance(timedelta(days=32))
    assert _ordered(house, clerk, listing).state == "placed"


def test_orders_at_once_are_judged_one_after_the_other(
    house: House, owner: Built, clerk: Built, listing: ListingSnapshot
) -> None:
    _limit(house, owner, clerk, "106.00")
    together, states = Barrier(4), list[str]()

    def order() -> None:
        together.wait()
        states.append(_ordered(house, clerk, listing).state)

    threads = [Thread(target=order) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(states) == ["agreed", "agreed", "agreed", "placed"]


def test_what_has_no_amount_is_approved_by_another(calling_house: House, upstream: Upstream) -> None:
    house = calling_house
    owner = build.organisation(house, level=3)
    clerk = build.member(house, owner, "buyer")
    listing = build.interface_listed(house, build.organisation(house), upstream)
    assert _ordered(house, clerk, listing).state == "placed", "whoever has no limit orders it alone"
    _limit(house, owner, clerk, "1000000.00")
    metered = _ordered(house, clerk, listing)
    assert (metered.gross, metered.state) == (0, "agreed")
    approved = house.db.write(lambda uow: requirements.meet(uow, owner.actor, metered.id, "spending.buyer"))
    assert approved.state == "placed"


def test_a_deal_of_related_parties_is_marked_for_officers_and_counts_in_no_public_figure(house: House) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house)
    officer = build.platform_person(house, "officer")
    listing = build.listed(house, supplier, amount=None)
    build.paid(house, build.organisation(house), listing)
    above = str(supplier.organisation_id)
    house.db.write(lambda uow: affiliates.set_parent(uow, officer.actor, str(buyer.organisation_id), above))
    order = build.paid(house, buyer, listing)
    assert house.db.read(queries.figures)["orders"] == 1
    steps = house.db.read(lambda uow: queries.timeline(uow, officer.actor, order.id))
    placed = next(each.audit_entry_id for each in steps if each.action == "place")
    said = house.db.read(lambda uow: audit.body_of(uow, officer.actor, placed))
    assert said["data"]["related_parties"] == "yes"


def test_a_month_is_at_least_one_order(house: House, owner: Built, clerk: Built) -> None:
    with pytest.raises(Invalid):
        _limit(house, owner, clerk, "200.00", "199.99")
    assert house.db.read(lambda uow: spending.limits(uow, owner.actor)) == []
    _limit(house, owner, clerk, "200.00")
    (found,) = house.db.read(lambda uow: spending.limits(uow, owner.actor))
    assert (found.amount, found.monthly) == (20_000, 20_000)
