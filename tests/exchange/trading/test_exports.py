"""What leaves the country is counted before money moves, through a whole order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from sqlalchemy import update

from catalog.listings import queries as listings
from catalog.listings import service as listing_service
from catalog.listings.types import ListingSnapshot
from compliance.exports import queries
from compliance.exports import service as exports
from compliance.exports.errors import ExportThresholdReached
from compliance.exports.types import Count
from compliance.retention import queries as retention
from core.db import Base
from core.house import House
from exchange.trading import queries as orders
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.compliance.exports.campaign import limits, phone


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    with patch.object(queries, "thresholds", lambda _uow: limits(1000)):
        yield


def _listed(house: House, supplier: Built, persons: range) -> ListingSnapshot:
    head, *rows = build.measured(400).splitlines()
    people = [f",{phone(persons[number])}" if number < len(persons) else "," for number in range(len(rows))]
    content = "\n".join([f"{head},caller", *(row + extra for row, extra in zip(rows, people, strict=True))])
    return build.listed(house, supplier, files=[build.file(house, supplier, content).id])


def _abroad(house: House, country: str = "SG") -> Built:
    buyer = build.organisation(house, level=3)
    table = Base.metadata.tables["organisation"]
    moved = update(table).where(table.c.id == buyer.organisation_id).values(country=country)
    house.db.write(lambda uow: uow.session.execute(moved))
    return buyer


def _sent(house: House, supplier: Built) -> Count:
    owner = supplier.organisation_id or ""
    return house.db.read(lambda uow: queries.counter(uow, supplier.actor, owner)).count


def test_an_order_abroad_is_counted_from_agreement_to_payment_and_let_go_when_it_ends(house: House) -> None:
    supplier = build.organisation(house, level=3)
    other = build.member(house, supplier, "supplier")
    first, second = _listed(house, supplier, range(60)), _listed(house, supplier, range(50, 100))
    assert first.tier == 3
    buyer = _abroad(house)
    helper = build.member(house, buyer, "buyer")
    people = {"suppliers": [supplier, other], "buyers": [helper]}
    order = build.placed(house, buyer, first, **people)
    assert _sent(house, supplier) == Count(60)
    with pytest.raises(ExportThresholdReached):
        build.placed(house, buyer, second, **people)
    house.db.write(lambda uow: trading.cancel(uow, buyer.actor, order.id, reason="too dear"))
    assert _sent(house, supplier) == Count()
    kept = house.db.read(lambda uow: retention.must_keep(uow, order.id))
    assert kept is not None
    build.funded(house, buyer)
    build.paid(house, buyer, second, **people)
    assert _sent(house, supplier) == Count(50)


def test_at_home_a_hundred_thousand_persons_are_not_counted(house: House) -> None:
    supplier = build.organisation(house, level=3)
    other = build.member(house, supplier, "supplier")
    buyer = build.organisation(house, level=3)
    helper = build.member(house, buyer, "buyer")
    build.placed(house, buyer, _listed(house, supplier, range(400)), suppliers=[supplier, other], buyers=[helper])
    assert _sent(house, supplier) == Count()


def test_a_right_whose_tier_rose_rests_until_an_officer_records_a_clearance(house: House) -> None:
    supplier = build.organisation(house, level=3)
    other = build.member(house, supplier, "supplier")
    listing = _listed(house, supplier, range(150))
    build.forced_tier(house, listing.id, 1)
    buyer = _abroad(house)
    helper = build.member(house, buyer, "buyer")
    build.funded(house, buyer)
    seen = house.db.read(lambda uow: listings.get(uow, supplier.actor, listing.id))
    order = build.paid(house, buyer, seen)
    assert _sent(house, supplier) == Count(150)
    house.db.write(lambda uow: listing_service.raise_tier(uow, supplier.actor, listing.id, tier=3))
    build.settled(house, order, buyers=[buyer, helper], suppliers=[supplier, other])
    assert _lacking(house, order) == "export_threshold_reached"
    officer, now = build.platform_person(house, "officer"), house.clock.now()
    house.db.write(
        lambda uow: exports.record_clearance(
            uow, officer.actor, organisation_id=supplier.organisation_id or "", mechanism="certification", number="1",
            countries=["SG"], valid_from=now, valid_until=now + timedelta(days=30),
        )
    )  # fmt: skip
    assert _lacking(house, order) == ""
    assert _sent(house, supplier) == Count(150)


def _lacking(house: House, order: OrderSnapshot) -> str:
    assert order.entitlement is not None
    entitlement_id = order.entitlement.id
    return house.db.read(lambda uow: orders.compiled(uow, [entitlement_id]))[0].lacking
