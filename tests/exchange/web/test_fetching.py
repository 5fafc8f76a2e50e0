"""The order page tells how a file of a strict tier is fetched: by whom, until when, how often."""

from __future__ import annotations

import dataclasses
import html
import re
from base64 import urlsafe_b64decode

import pytest

from compliance.tiers import profile
from core.house import House
from exchange.app import build_house, create_app_of
from exchange.delivery import links
from exchange.gateway import tickets, tries
from tests import build
from tests.exchange.delivery.marked import contracted
from tests.exchange.web.browser import Browser


@pytest.fixture
def fronted(house: House) -> House:
    return build_house(dataclasses.replace(house.settings, gateway_workers=1))


def test_the_order_page_gives_a_link_with_its_line_its_tries_and_its_end(
    fronted: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer, order = contracted(fronted)
    signer = dataclasses.replace(buyer, actor=dataclasses.replace(buyer.actor, second_factor=True))
    reader = Browser(create_app_of(fronted)).sign_in(signer)
    page = reader.get(f"/orders/{order.id}")
    address = re.search(rf"/orders/{order.id}/files/(fil_\w+)/link", page)
    assert address is not None
    assert f'href="{address.group().removesuffix("/link")}"' not in page
    assert "Each link lasts 24 hours and serves 3 downloads." in page
    assert 'name="otp"' not in page.split('id="fetch"')[1].split("</section>")[0]

    shown = html.unescape(reader.send(address.group(), 200).get_data(as_text=True))
    line = re.search(r"curl -sS -f -H \"X-Api-Key: \$PIAOHAO_KEY\" -o (\S+) (http\S+/files/\S+?)<", shown)
    assert line is not None
    assert "3 of 3 downloads left" in shown
    text = line.group(2).rsplit("/", 1)[1]
    opened = tickets.open_ticket(text.encode(), fronted.keyring.secrets("delivery-tickets"))
    assert (opened.holder, opened.file_id, opened.name) == (buyer.organisation_id, address.group(1), line.group(1))
    assert b"lnk_" in urlsafe_b64decode(text.split(".")[0] + "==")
    tries.take(fronted.settings.data, opened)
    again = reader.send(address.group(), 200, link=line.group(2)).get_data(as_text=True)
    assert "2 of 3 downloads left" in again
    assert text in again
    for wrong in ("x", line.group(2)[:-1] + "A" * (line.group(2)[-1] != "A"), "http://elsewhere/files/a.b"):
        assert "X-Api-Key" not in reader.send(address.group(), 404, link=wrong).get_data(as_text=True)

    stranger = Browser(create_app_of(fronted)).sign_in(build.organisation(fronted))
    stranger.send(address.group(), 404)
    stranger.send(address.group(), 404, link=line.group(2))

    asked = dataclasses.replace(links.of_tier(fronted, 3), second_factor=True)
    monkeypatch.setattr(links, "of_tier", lambda *_: asked)
    page = reader.get(f"/orders/{order.id}")
    assert 'autocomplete="one-time-code"' in page.split('id="fetch"')[1]
    refused = reader.send(address.group(), 403, otp="000000").get_data(as_text=True)
    assert "X-Api-Key" not in refused
    assert profile(fronted.settings.tier_profile).row(4).second_factor == "signing_and_download"
