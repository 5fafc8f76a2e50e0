"""Paying by card and wallet on pages: begin, go on, come back, send back, contest."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest
from stripe import StripeClient

from billing.processor.importing import read_books
from billing.processor.service import follow, resume
from billing.processor.types import Kind
from core.house import House
from core.settings import Settings
from exchange.app import build_house, create_app_of
from tests import build
from tests.exchange.web.browser import Browser
from tests.servers.stripe import FakeStripe, answering


@pytest.fixture(scope="module")
def stripe() -> Iterator[FakeStripe]:
    with answering() as fake:
        yield fake


@pytest.fixture
def house(settings: Settings, stripe: FakeStripe) -> Iterator[House]:
    stripe.control.reset()
    changed = dataclasses.replace(settings, stripe_key=stripe.key, stripe_url=stripe.url)
    made = build_house(changed)
    yield made
    made.db.engine.dispose()


def _signed_in(house: House, who: build.Built) -> Browser:
    return Browser(create_app_of(house)).sign_in(who)


def _begun(browser: Browser, address: str, **form: Any) -> str:
    place = browser.send(address, **form).headers["Location"]
    assert place.startswith("/payments/pmt_"), place
    return place


def _pay(browser: Browser, stripe: FakeStripe, place: str, method: str = "card") -> str:
    page = browser.get(place)
    assert "FAKE payment processor" in page
    onward = re.search(r'href="([^"]+)" rel="external', page)
    assert onward is not None
    assert onward[1].startswith(stripe.url)
    stripe.control.pay_session(stripe.control.objects("checkout.session")[-1]["id"], method)
    return browser.get(place.split("?", maxsplit=1)[0] + "?back=1")


def test_a_top_up_and_a_part_of_it_back(house: House, stripe: FakeStripe) -> None:
    browser = _signed_in(house, build.organisation(house))
    assert 'action="/payments"' in browser.get("/balance")
    place = _begun(browser, "/payments", amount="120.00", method="card", keep_card="true")
    assert "It has arrived" in _pay(browser, stripe, place)
    page = place.split("?")[0]
    browser.send(f"{page}/refunds", amount="20.00", reason="too much")
    resume(house)
    assert "Sent back" in browser.get(page)
    assert "¥120.01" not in browser.get("/payments")
    browser.get("/balance")
    refused = browser.send(f"{page}/refunds", 422, amount="500.00", reason="x y").get_data(as_text=True)
    assert "refund_too_large" in refused
    assert "Visa ···· 4242" in browser.get("/balance")


def test_a_refund_made_in_the_dashboard_is_looked_at_and_booked_on_a_page(house: House, stripe: FakeStripe) -> None:
    browser = _signed_in(house, build.organisation(house))
    place = _begun(browser, "/payments", amount="120.00", method="card")
    _pay(browser, stripe, place)
    dashboard = StripeClient(stripe.key, base_addresses={"api": stripe.url})
    dashboard.v1.refunds.create({"charge": stripe.control.objects("charge")[-1]["id"], "amount": 2000})
    read_books(house)
    finance = _signed_in(house, build.platform_person(house, "finance"))
    found = re.search(r'href="(/money/outside/[^"]+)"', finance.get("/money"))
    assert found is not None
    assert "A refund to a payer" in finance.get(found[1])
    browser.get(found[1], 403)
    assert "/money/outside/" not in _signed_in(house, build.platform_person(house, "operator")).get("/money")
    finance.get(found[1])
    finance.send(found[1], reason="asked on the telephone")
    assert "/money/outside/" not in finance.get("/money")
    assert "Sent back" in browser.get(place.split("?")[0])
    refused = finance.send(found[1], 409, reason="once more").get_data(as_text=True)
    assert "balance_entry_matched" in refused


def test_every_page_of_money_says_that_it_is_a_fake_once(house: House) -> None:
    owner, finance = build.organisation(house), build.platform_person(house, "finance")
    own = ("/balance", "/ledger", "/payables", "/payouts", "/payments", "/chargebacks")
    ours = ("/topups", "/settlement-runs", "/payouts", "/payments", "/chargebacks", "/ledger")
    for who, addresses in ((owner, own), (finance, ours)):
        browser = _signed_in(house, who)
        said = {address: browser.get(address).count("FAKE payment processor") for address in addresses}
        assert said == dict.fromkeys(addresses, 1)


def test_an_order_by_wallet(house: House, stripe: FakeStripe) -> None:
    buyer, supplier = build.organisation(house), build.organisation(house)
    order = build.placed(house, buyer, build.listed(house, supplier, amount="100.00"))
    browser = _signed_in(house, buyer)
    assert f'action="/orders/{order.id}/payments"' in browser.get(f"/orders/{order.id}")
    place = _begun(browser, f"/orders/{order.id}/payments", method="alipay")
    assert "under way" in browser.get(f"/orders/{order.id}")
    assert "It has arrived" in _pay(browser, stripe, place, "alipay")
    assert "Pay by card or wallet" not in browser.get(f"/orders/{order.id}")


def test_a_contested_payment_is_answered_by_finance(house: House, stripe: FakeStripe) -> None:
    buyer = _signed_in(house, build.organisation(house))
    place = _begun(buyer, "/payments", amount="50.00", method="card")
    _pay(buyer, stripe, place)
    dispute = stripe.control.dispute(stripe.control.objects("charge")[-1]["id"])
    follow(house, Kind.DISPUTE, dispute["id"])
    assert "contested" in buyer.get(place.split("?")[0])
    finance = _signed_in(house, build.platform_person(house, "finance"))
    answer = re.search(r'action="(/chargebacks/[^"]+/evidence)"', finance.get("/chargebacks"))
    assert answer is not None
    assert "/evidence" not in buyer.get("/chargebacks")
    finance.send(answer[1], evidence="Delivered and accepted on the 3rd.")
    resume(house)
    assert "With the bank" in finance.get("/chargebacks")


def test_without_a_processor_the_page_says_so(settings: Settings) -> None:
    house = build_house(settings)
    browser = _signed_in(house, build.organisation(house))
    page = browser.get("/balance")
    assert "not set up on this exchange" in page
    assert 'action="/payments"' not in page
    assert "processor_unavailable" in browser.send("/payments", 409, amount="1.00", method="card").get_data(
        as_text=True
    )
    house.db.engine.dispose()


def test_somebody_elses_payment_is_not_found(house: House, stripe: FakeStripe) -> None:
    owner = _signed_in(house, build.organisation(house))
    page = _begun(owner, "/payments", amount="50.00", method="card").split("?")[0]
    stranger = _signed_in(house, build.organisation(house))
    stranger.get(page, 404)
    for step in ("cancel", "refunds"):
        stranger.get("/balance")
        stranger.send(f"{page}/{step}", 404, amount="1.00", reason="mine now")
    assert stripe.control.objects("refund") == []
