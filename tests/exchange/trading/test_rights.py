"""Rights: how they end, follow the listing's tier and the holder's qualification, and what gateways are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.listings import service as listings
from core.house import House
from exchange.sidecar import compiling
from exchange.trading import queries, rights
from exchange.trading import service as trading
from exchange.trading.events import EntitlementChanged
from exchange.trading.types import CompiledEntitlement, OrderSnapshot
from tests import build
from tests.build import Built

_LATEST = datetime(2100, 1, 1)  # noqa: DTZ001 (hypothesis wants it naive)


@pytest.fixture
def told(house: House) -> list[str]:
    """The ids of rights of which a change was told."""
    seen: list[str] = []
    house.registry.inline(EntitlementChanged, lambda _uow, event: seen.append(event.entitlement_id))
    return seen


Bought = tuple[Built, Built, OrderSnapshot, str]


@pytest.fixture
def bought(house: House) -> Bought:
    """(supplier, buyer, paid order, entitlement id)"""
    supplier, buyer = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, supplier))
    assert order.entitlement is not None
    return supplier, buyer, order, order.entitlement.id


def _compiled(house: House, entitlement_id: str) -> CompiledEntitlement:
    return house.db.read(lambda uow: queries.compiled(uow, [entitlement_id]))[0]


def test_gateways_are_told_all_of_a_right(house: House, bought: Bought) -> None:
    supplier, buyer, order, entitlement_id = bought
    right = _compiled(house, entitlement_id)
    assert (right.order_id, right.listing_id, right.revision_id) == (order.id, order.listing_id, order.revision_id)
    assert (right.organisation_id, right.supplier_id) == (buyer.organisation_id, supplier.organisation_id)
    assert (right.purpose, right.tier, right.state) == ("training", 1, "active")
    assert right.permitted
    assert not right.frozen
    assert right.plan == order.plan
    assert right.currency == "CNY"
    assert house.db.read(queries.compiled) == [right]
    assert house.db.read(lambda uow: queries.compiled(uow, [])) == []
    assert house.db.read(lambda uow: queries.entitlement_ids(uow, listing_id=order.listing_id)) == [entitlement_id]
    of_buyer = house.db.read(lambda uow: queries.entitlement_ids(uow, organisation_id=buyer.organisation_id))
    assert of_buyer == [entitlement_id]
    assert house.db.read(lambda uow: queries.entitlement_ids(uow, organisation_id=supplier.organisation_id)) == []


def test_a_raised_tier_reaches_the_rights_that_were_sold(house: House, bought: Bought, told: list[str]) -> None:
    supplier, buyer, order, entitlement_id = bought
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, order.listing_id, tier=2))
    right = _compiled(house, entitlement_id)
    assert (right.tier, right.permitted, right.lacking) == (2, False, "contract_needed")
    assert set(told) == {entitlement_id}
    told.clear()
    house.db.write(lambda uow: listings.withdraw(uow, supplier.actor, order.listing_id))
    assert told == [], "nothing of the right has changed"
    assert _compiled(house, entitlement_id).state == "active", "what was sold stays in force"
    steps = house.db.read(lambda uow: queries.timeline(uow, buyer.actor, order.id))
    assert (steps[-1].action, steps[-1].note) == ("rest", "contract_needed")


def test_a_refund_revokes_and_a_licence_ends(house: House, bought: Bought, told: list[str]) -> None:
    supplier, buyer, order, entitlement_id = bought
    second = build.paid(house, buyer, build.listed(house, supplier))
    assert second.entitlement is not None
    told.clear()
    house.db.write(lambda uow: trading.fail_delivery(uow, supplier.actor, order.id, reason="disk died"))
    assert told == [entitlement_id]
    assert _compiled(house, entitlement_id).state == "revoked"
    house.clock.advance(timedelta(days=366))
    trading.tick(house)
    assert told == [entitlement_id, second.entitlement.id]
    found = house.db.read(lambda uow: queries.get(uow, buyer.actor, second.id))
    assert found.entitlement is not None
    assert (found.state, found.entitlement.state) == ("accepted", "ended")
    steps = house.db.read(lambda uow: queries.timeline(uow, buyer.actor, second.id))
    assert [step.action for step in steps] == ["place", "pay", "accept_overdue", "lapse"]
    right = _compiled(house, second.entitlement.id)
    assert right.state == "active", "the gateway says that it has expired, not that it was revoked"
    assert right.ends_at is not None
    assert right.ends_at <= house.clock.now()
    assert trading.tick(house) == 0
    house.clock.advance(queries.REFUSED_BY_REASON + timedelta(days=1))
    assert house.db.read(queries.compiled) == [], "long ended ones are no longer told of"


@given(st.datetimes(timezones=st.just(UTC), max_value=_LATEST), st.integers(1, 240))
def test_months_later_is_the_same_day_or_the_months_last(moment: datetime, months: int) -> None:
    later = rights.months_later(moment, months)
    assert (later.year * 12 + later.month) - (moment.year * 12 + moment.month) == months
    assert later.day == moment.day or (later + timedelta(days=1)).day == 1
    assert later.time() == moment.time()


def test_all_rights_are_read_page_by_page(house: House, bought: Bought, monkeypatch: pytest.MonkeyPatch) -> None:
    supplier, buyer, _, first = bought
    build.paid(house, buyer, build.listed(house, supplier))
    whole = house.db.read(queries.compiled)
    assert whole[0].id == first
    assert len(whole) == 2
    assert house.db.read(lambda uow: queries.compiled(uow, most=1)) == whole[:1]
    assert house.db.read(lambda uow: queries.compiled(uow, after=first, most=1)) == whole[1:]
    monkeypatch.setattr(compiling, "PAGE", 1)
    told = [item["id"] for item in compiling.everything(house) if item["k"] == "entitlement"]
    assert told == [each.id for each in whole]
