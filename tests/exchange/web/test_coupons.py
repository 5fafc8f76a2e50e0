"""Coupons on pages: made, used, seen and ended by who gave them out, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable

from billing.coupons import queries
from core.house import House
from exchange.trading import service
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


def test_a_supplier_makes_a_coupon_sees_its_use_and_ends_it(browser: Open, house: House) -> None:
    owner, who = build.organisation(house), build.organisation(house)
    listing = build.listed(house, owner)
    supplier = browser().sign_in(owner)
    assert 'href="/coupons"' in supplier.get("/payables")
    assert "No coupons yet" in supplier.get("/coupons")
    made = supplier.send(
        "/coupons", code="spring-10", percent="12.5", listing_id=listing.id, most="3", last="2999-12-31"
    )
    place = made.headers["Location"].split("?")[0]
    assert "Nobody has used it yet" in supplier.get(place)
    offer = listing.offer
    assert offer is not None
    build.funded(house, who)
    order = house.db.write(
        lambda uow: service.place(
            uow, who.actor, listing_id=listing.id, offer_id=offer.id, purpose=offer.purposes[0],
            accept_terms=True, coupon="Spring-10",
        )
    )  # fmt: skip
    assert "not paid yet" in supplier.get(place)
    house.db.write(lambda uow: service.pay(uow, who.actor, order.id))
    page = supplier.get(place)
    assert order.id in page
    assert "12.5 % off" in page
    assert "1 / 3" in supplier.get("/coupons")
    supplier.get(place)
    supplier.send(f"{place}/end")
    assert "Ended" in supplier.get("/coupons")
    browser().sign_in(who).get(place, 404)


def test_what_cannot_be_a_coupon_is_said_beside_the_form_and_nothing_is_made(browser: Open, house: House) -> None:
    owner = build.organisation(house)
    hidden = build.draft(house, build.organisation(house))
    supplier = browser().sign_in(owner)
    for wrong, said in (
        ({}, "one of the two"), ({"percent": "0"}, "more than 0"), ({"percent": "101"}, "percent"),
        ({"percent": "5", "amount": "1"}, "one of the two"), ({"amount": "-1"}, "amount"),
        ({"percent": "x"}, "percent"),
        ({"amount": "1", "first": "2030-01-02", "last": "2030-01-01"}, "ends after it begins"),
        ({"amount": "1", "last": "9999-12-31"}, "last"),
    ):  # fmt: skip
        supplier.get("/coupons")
        assert said in supplier.send("/coupons", 422, code="CODE", **wrong).get_data(as_text=True)
    supplier.get("/coupons")
    supplier.send("/coupons", 404, code="CODE", amount="1", listing_id=hidden.id)
    assert not house.db.read(lambda uow: queries.listed(uow, owner.actor)).items


def test_finance_runs_a_campaign_of_the_platform_and_a_reviewer_does_not(browser: Open, house: House) -> None:
    finance = browser("zh").sign_in(build.platform_person(house, "finance"))
    assert 'href="/coupons"' in finance.get("/money")
    place = finance.send("/coupons", code="WELCOME", amount="20").headers["Location"].split("?")[0]
    assert "¥20.00" in finance.get(place)
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    reviewer.get("/coupons", 403)
    reviewer.get(place, 404)
