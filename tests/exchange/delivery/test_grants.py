"""Files by way of the gateway: grants, and receipts from what a gateway recorded."""

from __future__ import annotations

import dataclasses
import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import Any

import pytest

from core.house import House
from exchange.app import build_house, create_app_of
from exchange.delivery import service
from exchange.delivery.types import Transfer
from exchange.trading import regrading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import ApiClient

Sold = tuple[House, Built, OrderSnapshot, dict[str, Any]]


@pytest.fixture
def sold(house: House) -> Sold:
    """(house with a gateway, buyer, paid order, its only file)"""
    fronted = build_house(dataclasses.replace(house.settings, gateway_workers=1))
    buyer = build.organisation(fronted)
    build.funded(fronted, buyer)
    order = build.paid(fronted, buyer, build.listed(fronted, build.organisation(fronted)))
    files = ApiClient(create_app_of(fronted), buyer.token).get(f"/orders/{order.id}/files").json["items"]
    return fronted, buyer, order, files[0]


def _client(sold: Sold, who: Built | None = None) -> ApiClient:
    return ApiClient(create_app_of(sold[0]), (who or sold[1]).token)


def _transfer(sold: Sold, start: int, stop: int, *, call_id: str = "0011223344556677-1", ok: bool = True) -> Transfer:
    house, buyer, order, file = sold
    return Transfer(
        call_id, house.clock.now(), order.id, file["file_id"], buyer.actor.pseudonym, start, stop, ok, file["sha256"]
    )


def _take(sold: Sold, transfer: Transfer) -> bool:
    return sold[0].db.write(lambda uow: service.take(uow, transfer))


def test_a_grant_is_an_address_at_the_gateway_for_some_minutes(sold: Sold) -> None:
    house, buyer, order, file = sold
    path = f"/orders/{order.id}/files/{file['file_id']}"
    granted = _client(sold).post(f"{path}/grant").expect(201).json
    base, ticket = granted["url"].rsplit("/", 1)
    assert base == "http://127.0.0.1:8461/files"
    document = json.loads(urlsafe_b64decode(ticket.split(".")[0] + "=="))
    assert order.entitlement is not None
    assert (document["o"], document["e"], document["f"]) == (order.id, order.entitlement.id, file["file_id"])
    assert (document["s"], document["h"], document["a"]) == (file["size"], file["sha256"], buyer.actor.pseudonym)
    left = document["x"] - house.clock.now().timestamp()
    assert 590 < left <= 600
    sent_on = _client(sold).get(path).expect(307)
    assert sent_on.headers["Location"].startswith("http://127.0.0.1:8461/files/")
    assert sent_on.headers["Cache-Control"] == "private, no-store"


def test_who_may_not_download_gets_no_grant(sold: Sold) -> None:
    house, _, order, file = sold
    path = f"/orders/{order.id}/files/{file['file_id']}"
    stranger, officer = build.organisation(house), build.platform_person(house, "officer")
    assert _client(sold, stranger).post(f"{path}/grant").expect(404).code == "order_not_found"
    assert _client(sold, officer).post(f"{path}/grant").expect(403).code == "not_the_buyer"
    assert _client(sold).post(f"/orders/{order.id}/files/fil_01jc9x2m5t7rqk8v4e6b0wz3np/grant").expect(404)
    _client(sold, officer).post(f"/orders/{order.id}/freeze", {"reason": "a question"}).expect(200)
    assert _client(sold).post(f"{path}/grant").expect(403).code == "order_frozen"
    assert _client(sold).get(path).expect(403).code == "order_frozen"
    _client(sold, officer).post(f"/orders/{order.id}/release").expect(200)
    house.clock.advance(timedelta(days=366))
    later = ApiClient(create_app_of(house)).sign_in(sold[1].email, build.PASSWORD)
    assert later.post(f"{path}/grant").expect(403).code == "not_entitled"


def test_without_a_gateway_there_is_no_grant_and_web_streams(sold: Sold, house: House) -> None:
    _, buyer, order, file = sold
    client = ApiClient(create_app_of(house), buyer.token)
    path = f"/orders/{order.id}/files/{file['file_id']}"
    assert client.post(f"{path}/grant").expect(409).code == "no_gateway"
    assert len(client.get(path).expect(200).body) == file["size"]


def test_transfers_become_receipts_once_and_the_last_byte_delivers(sold: Sold) -> None:
    _, _, order, file = sold
    first, rest = _transfer(sold, 0, 10), _transfer(sold, 10, file["size"], call_id="0011223344556677-2")
    assert _take(sold, first)
    assert not _take(sold, first), "told again"
    assert _client(sold).get(f"/orders/{order.id}").json["state"] == "paid"
    assert _take(sold, rest)
    assert _client(sold).get(f"/orders/{order.id}").json["state"] == "delivered"
    receipts = _client(sold).get(f"/orders/{order.id}/receipts").json["items"]
    assert [(each["start"], each["stop"]) for each in receipts] == [(0, 10), (10, file["size"])]


def test_an_answer_whose_last_byte_did_not_leave_does_not_deliver(sold: Sold) -> None:
    _, _, order, file = sold
    assert _take(sold, _transfer(sold, 0, file["size"], ok=False))
    assert _client(sold).get(f"/orders/{order.id}").json["state"] == "paid"
    assert not _take(sold, _transfer(sold, 0, 1, call_id="0011223344556677-3", ok=False)), "nothing left for certain"


def test_what_left_before_the_tier_rose_has_its_receipt(sold: Sold) -> None:
    house, _, order, file = sold
    build.forced_tier(house, order.listing_id, 2)
    house.db.write(lambda uow: regrading.follow_tier(uow, order.listing_id))
    assert _client(sold).get(f"/orders/{order.id}/files").json["items"][0]["size"] == 0, "the copy is not made yet"
    assert _take(sold, _transfer(sold, 0, file["size"]))
    receipts = _client(sold).get(f"/orders/{order.id}/receipts").json["items"]
    assert [(each["sha256"], each["stop"]) for each in receipts] == [(file["sha256"], file["size"])]
    assert _client(sold).get(f"/orders/{order.id}").json["state"] == "paid", "the copy that is owed now has not left"


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "0" * 64},
        {"order_id": "ord_01jc9x2m5t7rqk8v4e6b0wz3np"},
        {"file_id": "fil_01jc9x2m5t7rqk8v4e6b0wz3np"},
        {"stop": 10**9},
        {"start": 5, "stop": 5},
    ],
)
def test_what_no_order_knows_is_passed_over(sold: Sold, change: dict[str, Any]) -> None:
    assert not _take(sold, dataclasses.replace(_transfer(sold, 0, 10), **change))
    assert _client(sold).get(f"/orders/{sold[2].id}/receipts").json["items"] == []
