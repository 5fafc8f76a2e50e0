"""Prices by periods and by steps on pages: offered, read, ordered with a coupon, cancelled."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from billing.coupons import service as coupons
from catalog.listings import queries as listings
from core.house import House
from exchange.trading import queries
from tests import build
from tests.exchange.web.browser import Browser
from tests.servers.upstream import Upstream

Open = Callable[..., Browser]

OFFER: dict[str, Any] = {"purposes": ["product"], "term_months": "12", "rate_per_second": "", "unit": "call"}
SUBSCRIPTION: dict[str, Any] = {
    "version": 1, "kind": "subscription", "currency": "CNY", "amount": "30.00", "period": "month", "unit": "hit",
    "included": 100, "overage": "0.10",
}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "plan", "said"),
    [
        (
            {"kind": "subscription", "fee": "30.00", "period": "quarter", "included": "100", "overage": "0.10"},
            {"amount": "30.00", "period": "quarter", "unit": "call", "included": 100, "overage": "0.10"},
            "100 calls are included in each.",
        ),
        (
            {"kind": "graduated", "steps": "1000 0.10\n0.0028"},
            {"unit": "call", "steps": [{"up_to": 1000, "price": "0.10"}, {"up_to": None, "price": "0.0028"}]},
            "up to 1,000 calls: ¥0.10",
        ),
        (
            {"kind": "minimum", "fee": "50", "period": "month", "price": "0.04"},
            {"amount": "50.00", "period": "month"},
            "is added when its period is over",
        ),
    ],
)
def test_a_supplier_offers_prices_by_periods_and_steps(
    browser: Open, calling_house: House, upstream: Upstream, form: dict[str, Any], plan: dict[str, Any], said: str
) -> None:
    owner = build.organisation(calling_house)
    made = build.interface_draft(calling_house, owner, upstream)
    supplier = browser().sign_in(owner)
    supplier.get(f"/listings/{made.id}/edit")
    supplier.send(f"/listings/{made.id}/call-offer", **OFFER | form)
    offer = calling_house.db.read(lambda uow: listings.get(uow, owner.actor, made.id)).offer
    assert offer is not None
    assert {name: offer.plan[name] for name in plan} == plan
    assert said in supplier.get(f"/listings/{made.id}")
    edit = supplier.get(f"/listings/{made.id}/edit")
    assert all(f'value="{form[name]}"' in edit for name in ("overage", "included") if name in form)
    wrong = supplier.send(f"/listings/{made.id}/call-offer", status=422, **OFFER | form | {"fee": "x", "steps": "y z"})
    assert "is not an amount" in wrong.text or "whole number" in wrong.text


def test_a_buyer_subscribes_with_a_coupon_and_cancels(browser: Open, calling_house: House, upstream: Upstream) -> None:
    house, owner, who = calling_house, build.organisation(calling_house), build.organisation(calling_house)
    build.funded(house, who, "100.00")
    listing = build.interface_listed(house, owner, upstream, plan=SUBSCRIPTION)
    house.db.write(lambda uow: coupons.create(uow, owner.actor, code="FIRST", percent_bp=5_000))
    buyer = browser().sign_in(who)
    assert 'name="coupon"' in buyer.get(f"/listings/{listing.id}")
    assert listing.offer is not None
    order: dict[str, Any] = {
        "listing_id": listing.id,
        "offer_id": listing.offer.id,
        "purpose": "product",
        "accept_terms": "true",
    }
    assert "coupon" in buyer.send("/orders", status=422, **order | {"coupon": "NONE"}).text
    buyer.send("/orders", **order | {"coupon": "first"})
    (placed,) = house.db.read(lambda uow: queries.orders(uow, who.actor)).items
    assert "The first fee, for what is left of the period" in buyer.get(f"/orders/{placed.id}")
    buyer.send(f"/orders/{placed.id}/pay")
    page = buyer.get(f"/orders/{placed.id}")
    assert "Cancel the subscription" in page
    assert placed.id in buyer.get(f"/listings/{listing.id}"), "a new order may take its place"
    (fee,) = re.findall(r'href="(/invoices/[^"]+)">INV', page)
    invoice = buyer.get(fee)
    assert not any(text in invoice for text in ("Rounding", "Month of usage", "Usage statement")), "it is no usage"
    buyer.send(f"/orders/{placed.id}/unsubscribe")
    assert "cancelled, runs until its end" in buyer.get(f"/orders/{placed.id}")
    assert "Announce the present price" in browser().sign_in(owner).get(f"/listings/{listing.id}")
