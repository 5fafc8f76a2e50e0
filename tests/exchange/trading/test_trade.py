"""An order from placing to its end, through the HTTP API: what works, what is refused, and what refusals leave."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import flask
import pytest

from billing.ledger import queries as ledger
from core.house import House
from exchange.trading import service as trading
from tests import build
from tests.client import Answer, ApiClient

Trade = tuple[ApiClient, ApiClient, dict[str, Any]]


@pytest.fixture
def trade(app: flask.Flask, house: House) -> Trade:
    """(buyer, supplier, body of an order) for one listing at 1,000.00 and a buyer with 100,000.00."""
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    build.funded(house, buyer)
    assert listing.offer is not None
    body = {
        "listing_id": listing.id, "offer_id": listing.offer.id, "purpose": "training", "accept_terms": True,
    }  # fmt: skip
    return ApiClient(app, buyer.token), ApiClient(app, supplier.token), body


def _place(trade: Trade) -> str:
    buyer, _, body = trade
    order_id: str = buyer.post("/orders", body).expect(201).json["id"]
    return order_id


def _balance(client: ApiClient) -> str:
    available: str = client.get("/balance").expect(200).json["available"]
    return available


def _trial_balance(house: House) -> set[int]:
    return set(house.db.read(ledger.trial_balance).values())


def test_an_order_carries_net_tax_and_gross_and_pays_once(trade: Trade, house: House) -> None:
    buyer, _, body = trade
    order = buyer.post("/orders", body, key="o1").expect(201).json
    assert (order["net"], order["tax"], order["gross"]) == ("1000.00", "60.00", "1060.00")
    assert buyer.post("/orders", body, key="o1").expect(201).json == order
    paid = buyer.post(f"/orders/{order['id']}/pay", key="p1").expect(200).json
    assert paid["state"] == "paid"
    assert paid["licence"]["purpose"] == "training"
    assert paid["entitlement"]["state"] == "active"
    assert buyer.post(f"/orders/{order['id']}/pay", key="p1").expect(200).json == paid
    assert buyer.post(f"/orders/{order['id']}/pay").expect(409).code == "order_state"
    assert _balance(buyer) == "98940.00"
    assert _trial_balance(house) <= {0}


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"purpose": "product"}, 422, "purpose_not_offered"),
        ({"accept_terms": False}, 422, "terms_not_accepted"),
        ({"offer_id": "off_01jc9x2m5t7rqk8v4e6b0wz3np"}, 409, "offer_changed"),
        ({"offer_id": "nonsense"}, 422, "invalid"),
        ({"listing_id": "lst_01jc9x2m5t7rqk8v4e6b0wz3np"}, 404, "listing_not_found"),
        ({"amount": "1.00"}, 422, "invalid"),
    ],
)
def test_an_order_that_cannot_be_leaves_nothing(trade: Trade, change: dict[str, Any], status: int, code: str) -> None:
    buyer, _, body = trade
    assert buyer.post("/orders", body | change).expect(status).code == code
    assert buyer.get("/orders").json["items"] == []


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "USD"}, "plan.currency"),
        ({"currency": "XXX"}, "plan.currency"),
        ({"amount": "-1"}, "plan.amount"),
        ({"amount": "NaN"}, "plan.amount"),
        ({"amount": "1e30"}, "plan.amount"),
        ({"amount": 1.5}, "plan.amount"),
    ],
)
def test_a_price_that_cannot_be_charged_is_refused_when_it_is_offered(
    app: flask.Flask, house: House, change: dict[str, Any], field: str
) -> None:
    supplier = build.organisation(house)
    before = build.draft(house, supplier)
    client = ApiClient(app, supplier.token)
    plan = {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "10.00"} | change
    answer = client.post(f"/listings/{before.id}/offer", {"plan": plan, "purposes": ["training"]}).expect(422)
    assert answer.json["field"] == field
    assert client.get(f"/listings/{before.id}").json["version"] == before.version


def test_a_supplier_does_not_buy_its_own(trade: Trade) -> None:
    _, supplier, body = trade
    assert supplier.post("/orders", body).expect(403).code == "own_listing"
    assert supplier.get("/orders").json["items"] == []


def test_a_stranger_learns_nothing_of_an_order(trade: Trade, app: flask.Flask, house: House) -> None:
    order_id = _place(trade)
    stranger = ApiClient(app, build.organisation(house).token)
    nothing = stranger.get("/orders/ord_01jc9x2m5t7rqk8v4e6b0wz3np").expect(404).json
    asked: list[Callable[[], Answer]] = [
        lambda: stranger.get(f"/orders/{order_id}"),
        lambda: stranger.post(f"/orders/{order_id}/pay"),
        lambda: stranger.post(f"/orders/{order_id}/cancel", {"reason": "mine now"}),
        lambda: stranger.post(f"/orders/{order_id}/accept"),
        lambda: stranger.post(f"/orders/{order_id}/fail-delivery", {"reason": "mine now"}),
        lambda: stranger.get(f"/orders/{order_id}/bundle"),
        lambda: stranger.get(f"/orders/{order_id}/files"),
        lambda: stranger.get(f"/orders/{order_id}/decisions"),
        lambda: stranger.get(f"/orders/{order_id}/files/fil_01jc9x2m5t7rqk8v4e6b0wz3np"),
    ]
    for ask in asked:
        answer = ask().expect(404)
        assert answer.json == nothing
    assert trade[0].get(f"/orders/{order_id}").json["state"] == "placed"


def test_the_supplier_sees_the_order_but_does_not_act_for_the_buyer(trade: Trade) -> None:
    buyer, supplier, _ = trade
    order_id = _place(trade)
    before = supplier.get(f"/orders/{order_id}").expect(200).json
    for deed, body in (("pay", None), ("accept", None), ("cancel", {"reason": "not wanted"})):
        assert supplier.post(f"/orders/{order_id}/{deed}", body).expect(403).code == "not_the_buyer"
    assert buyer.get(f"/orders/{order_id}").json == before


def test_what_is_not_paid_in_time_is_cancelled_and_what_is_not_answered_is_accepted(
    trade: Trade, app: flask.Flask, house: House
) -> None:
    buyer, _, _ = trade
    officer = build.platform_person(house, "officer")
    unpaid, waiting = _place(trade), _place(trade)
    buyer.post(f"/orders/{waiting}/pay").expect(200)
    assert trading.tick(house) == 0
    house.clock.advance(timedelta(days=house.settings.payment_days, minutes=1))
    assert trading.tick(house) == 2
    seeing = ApiClient(app).sign_in(officer.email, build.PASSWORD)
    assert seeing.get(f"/orders/{unpaid}").json["state"] == "cancelled"
    assert seeing.get(f"/orders/{waiting}").json["state"] == "accepted"
    assert trading.tick(house) == 0
    assert _trial_balance(house) <= {0}


def test_a_failed_delivery_gives_all_of_the_money_back_and_ends_the_rights(trade: Trade, house: House) -> None:
    buyer, supplier, _ = trade
    order_id = _place(trade)
    buyer.post(f"/orders/{order_id}/pay").expect(200)
    file_id = buyer.get(f"/orders/{order_id}/files").json["items"][0]["file_id"]
    buyer.get(f"/orders/{order_id}/files/{file_id}").expect(200)
    refused = buyer.post(f"/orders/{order_id}/fail-delivery", {"reason": "want it back"}).expect(403)
    assert refused.json["decision_detail"]["needs"]
    failed = supplier.post(f"/orders/{order_id}/fail-delivery", {"reason": "disk died"}).expect(200).json
    assert (failed["state"], failed["entitlement"]["state"]) == ("refunded", "revoked")
    assert _balance(buyer) == "100000.00"
    assert buyer.get(f"/orders/{order_id}/files/{file_id}").expect(403).code == "not_entitled"
    assert buyer.post(f"/orders/{order_id}/accept").expect(409).code == "order_state"
    assert _trial_balance(house) <= {0}


def test_files_come_in_ranges_with_receipts_and_the_last_byte_delivers(trade: Trade) -> None:
    buyer, _, _ = trade
    order_id = _place(trade)
    files = buyer.get(f"/orders/{order_id}/files").expect(200).json["items"]
    path = f"/orders/{order_id}/files/{files[0]['file_id']}"
    assert buyer.get(path).expect(403).code == "not_entitled"
    assert buyer.get(f"/orders/{order_id}/receipts").json["items"] == []
    buyer.post(f"/orders/{order_id}/pay").expect(200)
    first = buyer.get(path, Range="bytes=0-9").expect(206)
    rest = buyer.get(path, Range="bytes=10-", If_Range=first.headers["ETag"]).expect(206)
    whole = first.body + rest.body
    assert len(whole) == files[0]["size"]
    assert buyer.get(f"/orders/{order_id}").json["state"] == "delivered"
    assert buyer.get(path).expect(200).body == whole
    assert buyer.get(path, Range="bytes=0-9", If_Range='"other"').expect(200).body == whole
    assert buyer.get(path, Range="bytes=999999-").expect(416).code == "range_not_satisfiable"
    ranges = [(r["start"], r["stop"]) for r in buyer.get(f"/orders/{order_id}/receipts").json["items"]]
    assert ranges[:2] == [(0, 10), (10, len(whole))]


def test_many_at_once_never_overdraw_one_balance(app: flask.Flask, house: House) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    build.funded(house, buyer, "3200.00")
    orders = [build.placed(house, buyer, listing).id for _ in range(8)]
    client = ApiClient(app, buyer.token)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda order_id: client.post(f"/orders/{order_id}/pay"), orders))
    assert sorted(a.status for a in answers).count(200) == 3, "1,060.00 each"
    assert {a.code for a in answers if a.status != 200} == {"balance_too_low"}
    assert _balance(client) == "20.00"
    assert _trial_balance(house) <= {0}
