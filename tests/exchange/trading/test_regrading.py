"""Tiers that change while people negotiate, sign, pay and use: nothing is sold or used below what its data asks for."""

from __future__ import annotations

import io
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

import flask
import pytest

from catalog.listings import queries as catalog
from catalog.listings import service as listings
from catalog.listings.types import ListingSnapshot
from compliance.identity import service as identity
from core.db import Uow
from core.house import House
from exchange.trading import queries
from exchange.trading import service as trading
from exchange.trading.errors import OrderNotPermitted
from exchange.trading.steps import note
from exchange.trading.types import CompiledEntitlement, OrderSnapshot
from tests import build
from tests.exchange.trading.test_negotiation import ONE_OFF, Talk

WITH_PEOPLE = "record,phone,temperature,pressure\n" + "".join(
    f"R{n:06d},138001{n % 90_000:05d},{15 + n * 7919 % 4001 / 100:.2f},{1000 + n * 104729 % 997 / 10:.1f}\n"
    for n in range(400)
)


@pytest.fixture
def talk(app: flask.Flask, house: House) -> Talk:
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    build.funded(house, buyer)
    table = build.file(house, supplier, build.measured())
    return Talk(app, house, buyer, supplier, build.listed(house, supplier, files=[table.id]).id)


def _tier(house: House, order: OrderSnapshot) -> int:
    return _right(house, order).tier


def _right(house: House, order: OrderSnapshot) -> CompiledEntitlement:
    assert order.entitlement is not None
    entitlement_id = order.entitlement.id
    return house.db.read(lambda uow: queries.compiled(uow, [entitlement_id]))[0]


def _listing(talk: Talk) -> ListingSnapshot:
    return talk.house.db.read(lambda uow: catalog.get(uow, talk.supplier.actor, talk.listing_id))


def _revised(talk: Talk, content: str) -> ListingSnapshot:
    """Another revision, reviewed and on sale."""
    file_id = build.file(talk.house, talk.supplier, content).id
    supplier = talk.supplier.actor
    talk.house.db.write(lambda uow: listings.add_revision(uow, supplier, talk.listing_id, [file_id]))
    talk.house.db.write(lambda uow: listings.submit(uow, supplier, talk.listing_id))
    return build.approved(talk.house, talk.supplier, talk.listing_id)


def _raised(talk: Talk, tier: int, *, on_sale: bool = True) -> None:
    talk.house.db.write(lambda uow: listings.raise_tier(uow, talk.supplier.actor, talk.listing_id, tier=tier))
    if on_sale and _listing(talk).state == "in_review":
        build.approved(talk.house, talk.supplier, talk.listing_id)


def test_a_right_keeps_the_tier_of_its_own_revision(talk: Talk) -> None:
    order = build.paid(talk.house, talk.buyer, _listing(talk))
    assert _revised(talk, WITH_PEOPLE).tier == 3
    assert _tier(talk.house, order) == 1, "people in a later revision are not in this one"
    _raised(talk, 4, on_sale=False)
    assert _tier(talk.house, order) == 4, "what is raised by hand is raised for all of them"


def test_a_clean_revision_does_not_lower_what_was_sold_before(talk: Talk) -> None:
    assert _revised(talk, WITH_PEOPLE).tier == 3
    seller, second = build.member(talk.house, talk.supplier, "supplier"), build.member(talk.house, talk.buyer, "buyer")
    order = build.paid(
        talk.house, talk.buyer, _listing(talk), suppliers=[talk.supplier, seller], buyers=[second]
    )  # fmt: skip
    assert order.agreement is not None
    assert order.agreement["count"] == 404, "all rows of the copy, with those that its mark puts in"
    clean = build.file(talk.house, talk.supplier, build.measured()).id
    changed = talk.house.db.write(lambda uow: listings.add_revision(uow, talk.supplier.actor, talk.listing_id, [clean]))
    assert changed.tier == 1
    assert _tier(talk.house, order) == 3


def test_terms_on_an_older_revision_are_agreed_at_its_tier(talk: Talk) -> None:
    assert _revised(talk, WITH_PEOPLE).tier == 3
    order = talk.offered()
    assert _revised(talk, build.measured()).tier == 1
    agreed = talk.act(talk.buyer, order, "agree").expect(200).json
    assert (agreed["state"], agreed["tier"]) == ("agreed", 3)
    assert "approval.supplier" in talk.open(agreed)


def test_who_pays_after_the_tier_rose_is_told_to_order_again(talk: Talk) -> None:
    order = build.placed(talk.house, talk.buyer, _listing(talk))
    _raised(talk, 2)
    refused = talk.by(talk.buyer).post(f"/orders/{order.id}/pay").expect(409)
    assert (refused.code, refused.json["reason"]) == ("order_not_permitted", "tier_raised")
    again = talk.by(talk.buyer).get(f"/orders/{order.id}").json
    assert (again["state"], again["invoice_id"]) == ("placed", None)


def test_what_an_officer_stopped_is_not_paid(talk: Talk) -> None:
    order = build.placed(talk.house, talk.buyer, _listing(talk))
    officer = build.platform_person(talk.house, "officer")
    talk.house.db.write(lambda uow: listings.suspend(uow, officer.actor, talk.listing_id, reason="a complaint"))
    with pytest.raises(OrderNotPermitted):
        talk.house.db.write(lambda uow: trading.pay(uow, talk.buyer.actor, order.id))


def test_a_tier_that_rises_while_people_sign_asks_for_more_people(talk: Talk) -> None:
    _raised(talk, 2)
    order = talk.agreed(contract="provision", nda=True, deliveries=["api"], count=400, watermark=True)
    talk.meet(talk.buyer, order, "nda.buyer").expect(200)
    _raised(talk, 3)
    for who, name in ((talk.supplier, "nda"), (talk.buyer, "contract"), (talk.supplier, "contract")):
        side = "buyer" if who is talk.buyer else "supplier"
        order = talk.meet(who, order, f"{name}.{side}").expect(200).json
    assert (order["state"], order["tier"]) == ("agreed", 3)
    assert talk.open(order) == ["acceptance.buyer", "acceptance.supplier", "approval.supplier"]
    assert talk.meet(talk.buyer, order, "acceptance.buyer").expect(403).code == "same_person"
    second, seller = build.member(talk.house, talk.buyer, "buyer"), build.member(talk.house, talk.supplier, "supplier")
    for who, name in ((second, "acceptance.buyer"), (seller, "acceptance.supplier"), (seller, "approval.supplier")):
        order = talk.meet(who, order, name).expect(200).json
    assert order["state"] == "placed"


def test_nobody_agrees_or_pays_when_the_time_is_over(talk: Talk) -> None:
    order = talk.offered()
    placed = build.placed(talk.house, talk.buyer, _listing(talk))
    talk.house.clock.advance(timedelta(days=15))  # and no worker has looked yet
    token = identity.sign_in(talk.house, email=talk.buyer.email, password=build.PASSWORD).token
    buyer = replace(talk.buyer, token=token)
    assert talk.act(buyer, order, "agree").expect(409).code == "order_state"
    assert talk.by(buyer).post(f"/orders/{placed.id}/pay").expect(409).code == "order_state"
    words = {"text": "Are you still there?"}
    assert talk.by(buyer).post(f"/orders/{order['id']}/messages", words).expect(409).code == "order_state"


def test_the_time_to_accept_begins_with_the_licence(talk: Talk) -> None:
    starts = (talk.house.clock.now() + timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
    order = talk.agreed(starts=starts)
    paid = talk.by(talk.buyer).post(f"/orders/{order['id']}/pay").expect(200).json
    assert paid["licence"]["starts_at"] == starts
    assert paid["accept_by"] > starts


@pytest.mark.parametrize("starts", ["9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_licence_begins_in_a_time_that_there_is(talk: Talk, starts: str) -> None:
    order = talk.inquired()
    body = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "1.00"}, "starts": starts}}
    refused = talk.by(talk.supplier).post(f"/orders/{order['id']}/terms", body).expect(422)
    assert (refused.code, refused.json["field"]) == ("terms_invalid", "terms.starts")


def test_rows_are_sold_of_marked_copies_only(talk: Talk) -> None:
    order = talk.inquired()
    by_row: dict[str, Any] = {"plan": ONE_OFF | {"amount": "1.00"}, "deliveries": ["api"], "count": 10}
    body = {"in_reply_to": order["head"], "terms": by_row}
    refused = talk.by(talk.supplier).post(f"/orders/{order['id']}/terms", body).expect(422)
    assert (refused.code, refused.json["field"]) == ("terms_invalid", "terms.watermark")


def test_a_tier_rises_while_a_party_acts_on_the_order(talk: Talk) -> None:
    """Both are written down, one after the other, whichever comes first."""
    order = build.paid(talk.house, talk.buyer, _listing(talk))
    read, risen = threading.Event(), threading.Event()

    def acts(uow: Uow) -> None:
        row = queries.load(uow, talk.buyer.actor, order.id, lock=True)
        row.version += 1
        note(uow, talk.buyer.actor, row, "meet_test", None)
        uow.session.flush()
        read.set()
        risen.wait(1.0)

    acting = threading.Thread(target=talk.house.db.write, args=(acts,))
    acting.start()
    read.wait()
    try:
        talk.house.db.write(lambda uow: listings.raise_tier(uow, talk.supplier.actor, talk.listing_id, tier=2))
    finally:
        risen.set()
        acting.join()
    steps = talk.house.db.read(lambda uow: queries.timeline(uow, talk.buyer.actor, order.id))
    assert {"meet_test", "rest"} <= {step.action for step in steps}
    assert _right(talk.house, order).lacking == "contract_needed"


def test_rows_of_an_archive_are_not_sold_for_nobody_can_read_them(talk: Talk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("t.csv", build.measured())
    file_id = build.file(talk.house, talk.supplier, packed.getvalue(), "pack.zip").id
    talk.listing_id = build.listed(talk.house, talk.supplier, files=[file_id]).id
    order = talk.offered(deliveries=["api"], watermark=True, count=10)
    assert talk.act(talk.buyer, order, "agree").expect(409).code == "watermark_unavailable"
