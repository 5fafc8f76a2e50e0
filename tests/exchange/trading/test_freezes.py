"""An officer's freeze: what it stops, what it leaves, who sees why, and that time stands still meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import flask
import pytest
from sqlalchemy import select

from billing.settlement.models import WithheldPayout
from compliance.audit import checkpoints, sequencer, verifier
from core.house import House
from exchange.trading import queries
from exchange.trading import service as trading
from tests import build
from tests.build import Built
from tests.client import ApiClient


@pytest.fixture
def people(house: House) -> tuple[Built, Built, Built]:
    """buyer with money, supplier, officer"""
    buyer = build.organisation(house)
    build.funded(house, buyer)
    return buyer, build.organisation(house), build.platform_person(house, "officer")


class Scene:
    """One order and everybody's client."""

    def __init__(self, app: flask.Flask, house: House, people: tuple[Built, Built, Built], *, paid: bool) -> None:
        buyer, supplier, _ = people
        listing = build.listed(house, supplier)
        self.house = house
        self.order = (build.paid if paid else build.placed)(house, buyer, listing)
        self.buyer, self.supplier, self.officer = (ApiClient(app, each.token) for each in people)
        self.path = f"/orders/{self.order.id}"

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = self.buyer.get(self.path).expect(200).json
        return found

    def freeze(self) -> dict[str, Any]:
        frozen: dict[str, Any] = self.officer.post(f"{self.path}/freeze", {"reason": "a complaint"}).expect(200).json
        return frozen

    def frozen_for_gateways(self) -> bool:
        right = self.order.entitlement
        assert right is not None
        return self.house.db.read(lambda uow: queries.compiled(uow, [right.id]))[0].frozen


def test_a_frozen_order_refuses_payment_acceptance_download_and_refund(
    app: flask.Flask, house: House, people: tuple[Built, Built, Built]
) -> None:
    unpaid, paid = Scene(app, house, people, paid=False), Scene(app, house, people, paid=True)
    file_id = paid.buyer.get(f"{paid.path}/files").json["items"][0]["file_id"]
    balance = paid.buyer.get("/balance").json
    for scene in (unpaid, paid):
        frozen = scene.freeze()
        assert frozen["frozen_reason"] == "a complaint"
        assert frozen["state"] == scene.order.state, "a freeze is no state of its own"
    before = unpaid.read(), paid.read()
    assert unpaid.buyer.post(f"{unpaid.path}/pay").expect(403).code == "order_frozen"
    assert paid.buyer.post(f"{paid.path}/accept").expect(403).code == "order_frozen"
    assert paid.buyer.get(f"{paid.path}/files/{file_id}").expect(403).code == "order_frozen"
    for who in (paid.supplier, paid.officer):
        assert who.post(f"{paid.path}/fail-delivery", {"reason": "gone"}).expect(403).code == "order_frozen"
    assert (unpaid.read(), paid.read()) == before
    assert paid.buyer.get("/balance").json == balance
    assert paid.frozen_for_gateways()
    assert unpaid.buyer.post(f"{unpaid.path}/cancel", {"reason": "no longer"}).expect(200).json["state"] == "cancelled"


def test_both_parties_see_why_and_all_goes_on_after_the_release(
    app: flask.Flask, house: House, people: tuple[Built, Built, Built]
) -> None:
    scene = Scene(app, house, people, paid=True)
    scene.freeze()
    for who in (scene.buyer, scene.supplier):
        assert who.get(scene.path).expect(200).json["frozen_reason"] == "a complaint"
        last = who.get(f"{scene.path}/decisions").json["items"][-1]
        assert (last["action"], last["note"], last["by"]) == ("freeze", "a complaint", "platform")
        assert last["decision"]["rules"] == ["order-freeze"]
    released = scene.officer.post(f"{scene.path}/release").expect(200).json
    assert (released["frozen_at"], released["frozen_reason"]) == (None, "")
    assert not scene.frozen_for_gateways()
    assert scene.buyer.post(f"{scene.path}/accept").expect(200).json["state"] == "accepted"
    actions = [step["action"] for step in scene.buyer.get(f"{scene.path}/decisions").json["items"]]
    assert actions == ["place", "pay", "freeze", "release", "accept"]


def test_only_officers_freeze_and_release_and_a_refusal_changes_nothing(
    app: flask.Flask, house: House, people: tuple[Built, Built, Built]
) -> None:
    scene = Scene(app, house, people, paid=True)
    before = scene.read()
    stranger = ApiClient(app, build.organisation(house).token)
    for deed, body in (("freeze", {"reason": "mine now"}), ("release", None)):
        for who in (scene.buyer, scene.supplier):
            assert who.post(f"{scene.path}/{deed}", body).expect(403).code == "officer_role_needed"
        assert stranger.post(f"{scene.path}/{deed}", body).expect(404).code == "order_not_found"
    assert scene.officer.post(f"{scene.path}/freeze", {"reason": ""}).expect(422).json["field"] == "reason"
    assert scene.officer.post(f"{scene.path}/release").expect(409).code == "order_state"
    assert scene.read() == before
    scene.freeze()
    assert scene.officer.post(f"{scene.path}/freeze", {"reason": "again"}).expect(409).code == "order_state"
    assert scene.read()["frozen_reason"] == "a complaint"


def test_what_has_ended_is_not_frozen(app: flask.Flask, house: House, people: tuple[Built, Built, Built]) -> None:
    scene = Scene(app, house, people, paid=True)
    scene.supplier.post(f"{scene.path}/fail-delivery", {"reason": "disk died"}).expect(200)
    assert scene.officer.post(f"{scene.path}/freeze", {"reason": "late"}).expect(409).code == "order_state"


def test_time_stands_still_while_it_is_frozen(
    app: flask.Flask, house: House, people: tuple[Built, Built, Built]
) -> None:
    unpaid, paid = Scene(app, house, people, paid=False), Scene(app, house, people, paid=True)
    for scene in (unpaid, paid):
        scene.freeze()
    house.clock.advance(timedelta(days=60))
    assert trading.tick(house) == 0
    for scene in (unpaid, paid):
        officer = ApiClient(app).sign_in(people[2].email, build.PASSWORD)
        officer.post(f"{scene.path}/release").expect(200)
    assert trading.tick(house) == 0, "the days of the freeze are given back"
    house.clock.advance(timedelta(days=house.settings.acceptance_days, minutes=1))
    assert trading.tick(house) == 1
    house.clock.advance(timedelta(days=house.settings.payment_days))
    assert trading.tick(house) == 1
    buyer = ApiClient(app).sign_in(people[0].email, build.PASSWORD)
    assert [buyer.get(scene.path).json["state"] for scene in (unpaid, paid)] == ["cancelled", "accepted"]


def test_what_is_on_hold_for_the_supplier_stays_on_hold(
    app: flask.Flask, house: House, people: tuple[Built, Built, Built]
) -> None:
    scene = Scene(app, house, people, paid=True)

    def withheld() -> list[str]:
        return house.db.read(lambda uow: list(uow.session.execute(select(WithheldPayout.order_id)).scalars()))

    scene.freeze()
    assert withheld() == [scene.order.id]
    scene.officer.post(f"{scene.path}/release").expect(200)
    assert withheld() == []


def test_the_bundle_of_an_order_that_was_frozen_tells_it_and_verifies(
    app: flask.Flask, house: House, people: tuple[Built, Built, Built]
) -> None:
    scene = Scene(app, house, people, paid=True)
    scene.freeze()
    scene.officer.post(f"{scene.path}/release").expect(200)
    scene.buyer.post(f"{scene.path}/accept").expect(200)
    house.clock.advance(timedelta(days=400))
    trading.tick(house)
    while sequencer.run(house):
        pass
    checkpoints.sign(house)
    buyer = ApiClient(app).sign_in(people[0].email, build.PASSWORD)
    bundle = buyer.get(f"{scene.path}/bundle").expect(200).body
    report = verifier.verify(verifier.unpacked(bundle))
    told = [entry["action"] for _, entry in report.entries if entry["object"] == scene.order.id]
    steps = [action for action in told if action != "order:receipt"]
    assert steps == [f"order:{step}" for step in ("place", "pay", "freeze", "release", "accept", "lapse")]
