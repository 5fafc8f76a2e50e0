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
from tests.client import ApiClient
from tests.exchange.delivery.marked import contracted


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
    buyer, order = contracted(fronted)
    buyer_id = buyer.organisation_id
    client = ApiClient(create_app_of(fronted), buyer.token)
    file = client.get(f"/orders/{order.id}/files").json["items"][0]
    granted = client.post(f"/orders/{order.id}/files/{file['file_id']}/grant").expect(201).json
    assert (granted["tries"], granted["own_key"]) == (3, True)
    document = json.loads(urlsafe_b64decode(granted["url"].rsplit("/", 1)[1].split(".")[0] + "=="))
    assert (document["v"], document["k"], document["t"], document["h"]) == (2, buyer_id, 3, file["sha256"])
    assert document["x"] - fronted.clock.now().timestamp() > 23 * 3600
    opened = tickets.open_ticket(granted["url"].rsplit("/", 1)[1].encode(), fronted.keyring.secrets("delivery-tickets"))
    assert (opened.holder, opened.tries) == (buyer_id, 3)
    for _ in range(3):
        tries.take(fronted.settings.data, opened)
    with pytest.raises(Refused):
        tries.take(fronted.settings.data, opened)
    assert tries.forget(fronted.settings.data, fronted.clock.now().timestamp()) == 0
    assert tries.forget(fronted.settings.data, opened.expires_at + 1) == 3
