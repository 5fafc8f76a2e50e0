"""What a leak would harm, and who is invited to what is for named organisations only, on pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalog.listings import queries
from compliance.identity import queries as identity
from core.house import House
from tests import build
from tests.build import Built
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


@pytest.fixture
def supplier(house: House) -> Built:
    return build.organisation(house, level=3)


def _version(page: str) -> str:
    return page.partition('name="version" value="')[2].partition('"')[0]


def test_an_impact_raises_the_tier_and_less_does_not_lower_it(browser: Open, house: House, supplier: Built) -> None:
    made = build.draft(house, supplier)
    path, seller = f"/listings/{made.id}/impact", browser().sign_in(supplier)
    page = seller.get(path)
    assert "core data: not taken in" in page
    chosen = next(each.partition('"')[0] for each in page.split('name="impact" value="')[1:] if "L4" in each[:200])
    seller.send(path, version=_version(page), impact=chosen)
    assert "Change what a leak would harm" in seller.get(f"/listings/{made.id}/edit")
    page = seller.get(path)
    assert f'value="{chosen}" checked' in page
    seller.send(path, version=_version(page), impact="none")
    found = house.db.read(lambda uow: queries.get(uow, supplier.actor, made.id))
    assert (found.tier, found.impact) == (4, None)
    page = seller.get(path)
    seller.send(path, status=422, version=_version(page), impact="nobody/never")
    seller.send(path, status=412, version="1", impact="none")


def test_a_buyer_is_invited_by_its_credit_code_and_the_invitation_ends(
    browser: Open, house: House, supplier: Built
) -> None:
    buyer = build.organisation(house, level=3)
    listing = build.listed(house, supplier)
    build.forced_tier(house, listing.id, 5)
    path = f"/listings/{listing.id}/invitees"
    seller, guest = browser().sign_in(supplier), browser().sign_in(buyer)
    guest.get(f"/listings/{listing.id}", status=404)
    assert "takes it off sale" in seller.get(f"/listings/{listing.id}/edit")
    assert "Nobody is invited" in seller.get(path)
    assert "no organisation of this id" in seller.client.post(
        path, data={"csrf": seller.csrf, "organisation": "nobody"}
    ).get_data(as_text=True)
    own = house.db.read(lambda uow: identity.organisation(uow, buyer.organisation_id or ""))
    seller.send(path, organisation=own.credit_code, until="2099-12-31")
    assert own.name_en in seller.get(path)
    assert "Ask for a quote" in guest.get(f"/listings/{listing.id}")
    guest.get(path, status=403)
    seller.send(f"{path}/{buyer.organisation_id}/end")
    guest.get(f"/listings/{listing.id}", status=404)
    for address in (path, f"/listings/{listing.id}/impact"):
        browser().sign_in(build.organisation(house)).get(address, status=404)
