"""From an inquiry to an order that can be paid, through the HTTP API: what works, what is stale, what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import flask
import pytest

from core.house import House
from exchange.trading import negotiating, queries
from exchange.trading import service as trading
from tests import build
from tests.build import Built
from tests.client import ApiClient

ONE_OFF = {"version": 1, "kind": "one_off", "currency": "CNY"}


@dataclass
class Talk:
    """A buyer and a supplier over one open listing."""

    app: flask.Flask
    house: House
    buyer: Built
    supplier: Built
    listing_id: str

    def by(self, who: Built) -> ApiClient:
        return ApiClient(self.app, who.token)

    def inquired(self) -> dict[str, Any]:
        body = {"listing_id": self.listing_id, "purpose": "training", "text": "May we train a model on it?"}
        order: dict[str, Any] = self.by(self.buyer).post("/orders/inquiries", body).expect(201).json
        return order

    def offered(self, **terms: Any) -> dict[str, Any]:
        order = self.inquired()
        body = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "800.00"}} | terms}
        found: dict[str, Any] = self.by(self.supplier).post(f"/orders/{order['id']}/terms", body).expect(201).json
        return found

    def agreed(self, **terms: Any) -> dict[str, Any]:
        order = self.offered(**terms)
        found: dict[str, Any] = self.act(self.buyer, order, "agree").expect(200).json
        return found

    def act(self, who: Built, order: dict[str, Any], deed: str) -> Any:
        return self.by(who).post(f"/orders/{order['id']}/{deed}", {"in_reply_to": order["head"]})

    def meet(self, who: Built, order: dict[str, Any], name: str) -> Any:
        body = {"otp": build.otp(self.house, who)}
        return self.by(who).post(f"/orders/{order['id']}/requirements/{name}", body)

    def waits_for(self, who: Built) -> list[str]:
        """The state of each order that waits for that person."""
        return [each.state for each in self.house.db.read(lambda uow: queries.awaiting(uow, who.actor, limit=9))]

    def open(self, order: dict[str, Any]) -> list[str]:
        found = self.by(self.buyer).get(f"/orders/{order['id']}/requirements").expect(200).json["items"]
        return [each["name"] for each in found if each["met_at"] is None]


@pytest.fixture
def talk(app: flask.Flask, house: House) -> Talk:
    supplier, buyer = build.organisation(house), build.organisation(house)
    return Talk(app, house, buyer, supplier, build.listed(house, supplier).id)


def test_an_inquiry_becomes_an_order_that_can_be_paid(talk: Talk) -> None:
    build.funded(talk.house, talk.buyer)
    order = talk.inquired()
    assert (order["state"], order["turn"], order["gross"]) == ("inquired", "supplier", "0.00")
    asked = talk.by(talk.supplier).post(
        f"/orders/{order['id']}/messages", {"text": "For which product?", "in_reply_to": order["head"]}
    )
    assert asked.expect(201).json["turn"] == "buyer"
    first = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "900.00"}}}
    order = talk.by(talk.supplier).post(f"/orders/{order['id']}/terms", first).expect(201).json
    assert (order["state"], order["turn"]) == ("offered", "buyer")
    counter = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "850.00"}, "term_months": 24}}
    order = talk.by(talk.buyer).post(f"/orders/{order['id']}/terms", counter).expect(201).json
    placed = talk.act(talk.supplier, order, "agree").expect(200).json
    assert (placed["state"], placed["gross"], placed["turn"]) == ("placed", "901.00", "")
    assert placed["agreement"]["term_months"] == 24
    kinds = [each["kind"] for each in talk.by(talk.buyer).get(f"/orders/{order['id']}/terms").json["items"]]
    assert kinds == ["inquiry", "words", "terms", "terms", "agreement"]
    paid = talk.by(talk.buyer).post(f"/orders/{order['id']}/pay").expect(200).json
    assert (paid["state"], paid["gross"]) == ("paid", "901.00")


def test_each_side_is_told_when_it_is_its_turn_and_only_who_may_act_is(talk: Talk) -> None:
    clerk = build.member(talk.house, talk.buyer, "finance")
    people = (talk.buyer, clerk, talk.supplier, build.organisation(talk.house))
    talk.inquired()
    assert list(map(talk.waits_for, people)) == [[], [], ["inquired"], []]
    order = talk.agreed(contract="provision")
    assert list(map(talk.waits_for, people)) == [["agreed"], ["agreed"], ["inquired", "agreed"], []]
    talk.meet(talk.supplier, order, "contract.supplier").expect(200)
    assert list(map(talk.waits_for, people)) == [["agreed"], ["agreed"], ["inquired"], []]
    talk.meet(talk.buyer, order, "contract.buyer").expect(200)
    assert list(map(talk.waits_for, people)) == [["placed"], [], ["inquired"], []]


def test_a_contract_is_signed_by_both_before_anything_can_be_paid(talk: Talk) -> None:
    order = talk.agreed(contract="provision", nda=True)
    assert order["state"] == "agreed"
    assert talk.open(order) == ["contract.buyer", "contract.supplier", "nda.buyer", "nda.supplier"]
    assert talk.by(talk.buyer).post(f"/orders/{order['id']}/pay").expect(409).code == "order_state"
    for who, side in ((talk.buyer, "buyer"), (talk.supplier, "supplier")):
        for kind in ("nda", "contract"):
            order = talk.meet(who, order, f"{kind}.{side}").expect(200).json
    assert order["state"] == "placed"
    contracts = talk.by(talk.supplier).get(f"/orders/{order['id']}/contract").expect(200).json["items"]
    assert [each["kind"] for each in contracts] == ["provision", "nda"]
    assert all(each["complete"] for each in contracts)
    assert contracts[0]["document"]["terms_sha256"] == order["agreement_hash"]
    assert contracts[0]["document"]["amounts"]["gross"] == order["gross"]


def test_stale_terms_are_not_agreed_to(talk: Talk) -> None:
    before = talk.offered()
    again = {"in_reply_to": before["head"], "terms": {"plan": ONE_OFF | {"amount": "999.00"}}}
    now = talk.by(talk.supplier).post(f"/orders/{before['id']}/terms", again).expect(201).json
    refused = talk.act(talk.buyer, before, "agree").expect(409)
    assert (refused.code, refused.json["head"]) == ("terms_changed", now["head"])
    assert talk.by(talk.buyer).get(f"/orders/{before['id']}").json["state"] == "offered"
    assert talk.act(talk.supplier, now, "agree").expect(409).code == "own_terms"
    assert talk.act(talk.buyer, now, "agree").expect(200).json["net"] == "999.00"


def test_the_same_act_twice_is_one(talk: Talk) -> None:
    order = talk.inquired()
    words = {"text": "When can we begin?", "in_reply_to": order["head"]}
    given = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "10.00"}}}
    for _ in range(2):
        talk.by(talk.buyer).post(f"/orders/{order['id']}/messages", words).expect(201)
    for _ in range(2):
        order = talk.by(talk.supplier).post(f"/orders/{order['id']}/terms", given).expect(201).json
    states = [talk.act(talk.buyer, order, "agree").expect(200).json["state"] for _ in range(2)]
    assert states == ["placed", "placed"]
    kinds = [each["kind"] for each in talk.by(talk.buyer).get(f"/orders/{order['id']}/terms").json["items"]]
    assert kinds == ["inquiry", "words", "terms", "agreement"]


def test_a_talk_has_an_end(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(negotiating, "MOST_ACTS", 3)
    order = talk.offered()
    path, words = f"/orders/{order['id']}/messages", {"text": "One word more.", "in_reply_to": order["head"]}
    talk.by(talk.buyer).post(path, words).expect(201)
    assert talk.by(talk.buyer).post(path, words | {"text": "And another."}).expect(409).code == "too_much_said"
    assert talk.act(talk.buyer, order, "agree").expect(200).json["state"] == "placed"


def test_a_private_offer_to_one_buyer(talk: Talk) -> None:
    stranger = build.organisation(talk.house)
    body = {"listing_id": talk.listing_id, "buyer_id": talk.buyer.organisation_id,
            "terms": {"plan": ONE_OFF | {"amount": "5.00"}, "purposes": ["training"]}}  # fmt: skip
    order = talk.by(talk.supplier).post("/orders/offers", body).expect(201).json
    assert (order["state"], order["turn"]) == ("offered", "buyer")
    for path in ("", "/terms", "/contract", "/requirements"):
        talk.by(stranger).get(f"/orders/{order['id']}{path}").expect(404)
    for deed in ("agree", "decline"):
        talk.act(stranger, order, deed).expect(404)
    talk.by(stranger).post("/orders/offers", body).expect(403)
    assert talk.act(talk.buyer, order, "agree").expect(200).json["state"] == "placed"


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("change", "status", "code", "field"),
    [
        ({"purposes": ["product"]}, 422, "purpose_not_offered", "terms.purposes"),
        ({"purposes": ["world_domination"]}, 422, "terms_invalid", "terms.purposes.0"),
        ({"count": 0}, 422, "terms_invalid", "terms.count"),
        ({"count": True}, 422, "terms_invalid", "terms.count"),
        ({"territories": ["China"]}, 422, "terms_invalid", "terms.territories.0"),
        ({"recipients": ["somebody"]}, 422, "terms_invalid", "terms.recipients.0"),
        ({"deliveries": []}, 422, "terms_invalid", "terms.deliveries"),
        ({"plan": {"version": 1, "kind": "negotiated"}}, 409, "plan_not_sellable", "terms.plan"),
        (
            {"plan": {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "-1"}},
            422,
            None,
            "terms.plan.amount",
        ),
        ({"starts": "tomorrow"}, 422, "terms_invalid", "terms.starts"),
        ({"clauses": {"Bad Name": "x"}}, 422, "terms_invalid", "terms.clauses"),
        ({"limits": {"rate_per_second": 1}}, 422, "terms_invalid", "terms.limits"),
        ({"surprise": 1}, 422, "terms_invalid", "terms.surprise"),
    ],
)
def test_terms_that_cannot_be_leave_nothing(
    talk: Talk, change: dict[str, Any], status: int, code: str | None, field: str
) -> None:
    order = talk.inquired()
    body = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "1.00"}} | change}
    refused = talk.by(talk.supplier).post(f"/orders/{order['id']}/terms", body).expect(status)
    assert code is None or refused.code == code
    assert refused.json["field"] == field
    assert talk.by(talk.supplier).get(f"/orders/{order['id']}").json == order
    assert len(talk.by(talk.supplier).get(f"/orders/{order['id']}/terms").json["items"]) == 1


def test_either_side_may_decline_until_it_is_placed(talk: Talk) -> None:
    order = talk.agreed(contract="licence")
    ended = talk.by(talk.supplier).post(
        f"/orders/{order['id']}/decline", {"in_reply_to": order["head"], "reason": "Sold elsewhere."}
    )
    assert ended.expect(200).json["state"] == "declined"
    assert talk.meet(talk.buyer, order, "contract.buyer").expect(409).code == "order_state"
    assert talk.act(talk.buyer, order, "agree").expect(409).code == "order_state"


def test_four_eyes_at_each_end_of_a_general_three_order(app: flask.Flask, house: House) -> None:
    """L3: two people at each end, an NDA and a contract signed by both, the supplier's approval, a second factor."""
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    seller, second = build.member(house, supplier, "supplier"), build.member(house, buyer, "buyer")
    content = build.measured()
    listing = build.listed(house, supplier, files=[build.file(house, supplier, content).id])
    build.forced_tier(house, listing.id, 3)
    talk = Talk(app, house, buyer, supplier, listing.id)
    order = talk.inquired()
    bad = {"in_reply_to": order["head"], "terms": {"plan": ONE_OFF | {"amount": "800.00"}, "nda": False}}
    refused = talk.by(supplier).post(f"/orders/{order['id']}/terms", bad).expect(422)
    assert (refused.code, refused.json["field"]) == ("terms_below_tier", "terms.nda")
    good = {"plan": ONE_OFF | {"amount": "800.00"}, "deliveries": ["api", "download"], "watermark": True, "count": 400}
    body = {"in_reply_to": order["head"], "terms": good}
    order = talk.by(supplier).post(f"/orders/{order['id']}/terms", body).expect(201).json
    order = talk.act(buyer, order, "agree").expect(200).json
    assert order["state"] == "agreed"
    assert talk.open(order) == [
        "acceptance.buyer", "acceptance.supplier", "approval.supplier", "contract.buyer", "contract.supplier",
        "nda.buyer", "nda.supplier",
    ]  # fmt: skip
    assert talk.meet(buyer, order, "acceptance.buyer").expect(403).code == "same_person"
    assert talk.meet(supplier, order, "acceptance.supplier").expect(403).code == "same_person"
    assert talk.meet(second, order, "acceptance.supplier").expect(404).code == "requirement_not_found"
    without = talk.by(second).post(f"/orders/{order['id']}/requirements/acceptance.buyer", {})
    assert without.expect(403).code == "second_factor_needed"
    assert len(talk.open(order)) == 7
    for who, names in ((second, ["acceptance", "nda"]), (buyer, ["contract"])):
        for name in names:
            talk.meet(who, order, f"{name}.buyer").expect(200)
    for who, names in ((seller, ["acceptance", "nda"]), (supplier, ["contract", "approval"])):
        for name in names:
            order = talk.meet(who, order, f"{name}.supplier").expect(200).json
    assert order["state"] == "placed"
    assert talk.meet(buyer, order, "contract.buyer").expect(409).code == "order_state"


def test_a_member_beyond_its_limit_needs_another(talk: Talk) -> None:
    clerk, chief = build.member(talk.house, talk.buyer, "buyer"), build.member(talk.house, talk.buyer, "finance")
    path = f"/organisation/spending-limits/{clerk.actor.account_id}"
    talk.by(clerk).put(path, {"amount": "1000000.00"}).expect(403)
    assert talk.by(talk.buyer).put(path, {"amount": "847.99"}).expect(200).json["items"][0]["amount"] == "847.99"
    order = talk.offered()
    order = talk.act(clerk, order, "agree").expect(200).json
    assert talk.open(order) == ["spending.buyer"]
    assert talk.meet(clerk, order, "spending.buyer").expect(403).code == "approver_role_needed"
    assert talk.meet(chief, order, "spending.buyer").expect(200).json["state"] == "placed"
    talk.by(talk.buyer).put(path, {"amount": "848.00"}).expect(200)
    assert talk.act(clerk, talk.offered(), "agree").expect(200).json["state"] == "placed"
    assert talk.act(clerk, talk.offered(), "agree").expect(200).json["state"] == "agreed", "a purchase in two parts"


def test_what_was_stopped_meanwhile_is_not_placed(talk: Talk) -> None:
    order = talk.agreed(contract="licence")
    talk.by(talk.supplier).post(f"/listings/{talk.listing_id}/withdraw").expect(200)
    refused = talk.meet(talk.buyer, order, "contract.buyer").expect(409)
    assert (refused.code, refused.json["reason"]) == ("order_not_permitted", "listing_not_on_sale")
    assert talk.open(order) == ["contract.buyer"]


def test_terms_not_answered_lapse(talk: Talk) -> None:
    order = talk.offered()
    talk.house.clock.advance(timedelta(days=15))
    trading.tick(talk.house)
    found = talk.house.db.read(lambda uow: queries.get(uow, talk.buyer.actor, order["id"]))
    assert (found.state, found.reason) == ("lapsed", "not answered in time")
