"""Links: what each tier's columns ask for, and a download that the contract of an L3 order allows."""

from __future__ import annotations

import dataclasses
import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest

from core.house import House
from exchange.app import build_house, create_app_of
from exchange.delivery import links
from exchange.delivery.errors import GatewayNeeded, LinkNotBuilt
from exchange.gateway import tickets, tries
from exchange.gateway.refusals import Refused
from exchange.trading import negotiating
from exchange.trading import service as trading
from tests import build
from tests.client import ApiClient
from tests.exchange.delivery.marked import made, raised


def test_what_each_tier_asks_of_a_link(house: House) -> None:
    plain = links.of_tier(house, 2)
    assert (plain.lasts, plain.tries, plain.own_key, plain.second_factor) == (timedelta(minutes=10), 0, False, False)
    rare = links.of_tier(house, 3)
    assert (rare.lasts, rare.tries, rare.own_key, rare.second_factor) == (timedelta(hours=24), 3, True, False)
    assert links.of_tier(house, 4).second_factor
    with pytest.raises(LinkNotBuilt):
        links.of_tier(house, 5)
    with pytest.raises(GatewayNeeded):
        links.require_plain(house, 3)


def test_a_download_at_l3_comes_as_the_contract_says_with_a_link_for_the_own_key(house: House) -> None:
    fronted = build_house(dataclasses.replace(house.settings, gateway_workers=1))
    supplier, buyer = build.organisation(fronted), build.organisation(fronted, level=3)
    build.funded(fronted, buyer)
    listing = raised(fronted, supplier, build.measured(300), tier=3)
    assert listing.revision is not None
    terms = {
        "version": 1, "revision": listing.revision.id, "limits": None, "purposes": ["training"],
        "plan": {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "10.00"},
        "territories": ["CN"], "recipients": [], "count": 300, "term_months": 12, "starts": None,
        "deliveries": ["api", "download"], "watermark": True, "contract": "provision", "nda": True, "clauses": {},
    }  # fmt: skip
    assert buyer.organisation_id is not None
    buyer_id = buyer.organisation_id
    offered = fronted.db.write(
        lambda uow: negotiating.offer(uow, supplier.actor, listing_id=listing.id, buyer_id=buyer_id, given=terms)
    )
    agreed = fronted.db.write(
        lambda uow: negotiating.agree(uow, buyer.actor, offered.id, in_reply_to=offered.head or "")
    )
    build.settled(
        fronted, agreed, buyers=[buyer, build.member(fronted, buyer, "buyer")],
        suppliers=[supplier, build.member(fronted, supplier, "supplier")],
    )  # fmt: skip
    order = fronted.db.write(lambda uow: trading.pay(uow, buyer.actor, agreed.id))
    made(fronted)
    client = ApiClient(create_app_of(fronted), buyer.token)
    file = client.get(f"/orders/{order.id}/files").json["items"][0]
    granted = client.post(f"/orders/{order.id}/files/{file['file_id']}/grant").expect(201).json
    assert (granted["tries"], granted["own_key"]) == (3, True)
    document = json.loads(urlsafe_b64decode(granted["url"].rsplit("/", 1)[1].split(".")[0] + "=="))
    assert (document["v"], document["k"], document["t"], document["h"]) == (2, buyer_id, 3, file["sha256"])
    assert document["x"] - fronted.clock.now().timestamp() > 23 * 3600
    opened = tickets.open_ticket(granted["url"].rsplit("/", 1)[1].encode(), fronted.keyring.secret("delivery-tickets"))
    assert (opened.holder, opened.tries) == (buyer_id, 3)
    for _ in range(3):
        tries.take(fronted.settings.data, opened)
    with pytest.raises(Refused):
        tries.take(fronted.settings.data, opened)
    assert tries.forget(fronted.settings.data, fronted.clock.now().timestamp()) == 0
    assert tries.forget(fronted.settings.data, opened.expires_at + 1) == 3
