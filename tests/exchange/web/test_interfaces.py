"""An interface by pages alone: read, picked, tried, offered, reviewed, found, ordered, and its lines copied."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

from catalog.interfaces import queries as interfaces
from catalog.listings import queries as listings
from compliance.review.types import checklist
from core.house import House
from exchange.demo.upstream.registry import firms
from tests import build
from tests.exchange.web.browser import Browser
from tests.servers.upstream import Upstream

Open = Callable[..., Browser]
TEXTS: dict[str, Any] = {
    "kind": "interface", "title_en": "Register of firms", "summary_en": "A firm by its code.",
    "terms_en": "For the licensee only.", "scene": "other", "tags": "API",
}  # fmt: skip
DECLARED: dict[str, Any] = dict.fromkeys(
    ("source", "authorisation", "personal_data", "important_data", "intellectual_property", "prohibited"), "As agreed."
)
OFFER: dict[str, Any] = {
    "kind": "per_hit", "price": "0.04", "free_quota": "20", "unit": "call", "purposes": ["product"],
    "term_months": "12", "rate_per_second": "5", "burst": "", "concurrency": "", "quota": "60",
    "quota_period": "day", "trial_calls": "3", "amount": "", "quantity": "", "valid_days": "",
}  # fmt: skip


def _id(text: str, prefix: str) -> str:
    found = re.search(rf"{prefix}_[0-9a-z]{{26}}", text)
    assert found, text[:500]
    return found[0]


def _document(upstream: Upstream) -> bytes:
    with urlopen(f"{upstream.url}/openapi/companies.json", timeout=10) as answer:
        content: bytes = answer.read()
        return content


def _draft(supplier: Browser) -> str:
    supplier.get("/listings/new?kind=interface")
    return _id(supplier.send("/listings/new", **TEXTS).headers["Location"], "lst")


def _picked(supplier: Browser, upstream: Upstream, listing: str) -> dict[str, Any]:
    """Have the document read; answers what the form of its operations would send, one operation ticked."""
    sent = supplier.send(f"{listing}/openapi", file=(io.BytesIO(_document(upstream)), "companies.json"), document="")
    place = sent.headers["Location"]
    assert "/companies/{credit_code}" in supplier.get(place)
    return {
        "check": _id(place, "oas"), "pick-getCompany": "true", "hit-getCompany": "200", "miss-getCompany": "404",
        "base_url": upstream.url, "timeout_ms": "10000", "connect_timeout_ms": "2000", "credential_kind": "query",
        "credential_name": "appkey", "credential_value": upstream.secret, "notes": "first",
    }  # fmt: skip


def test_a_supplier_makes_an_interface_and_a_reviewer_sees_its_evidence(
    browser: Open, calling_house: House, upstream: Upstream
) -> None:
    house = calling_house
    supplier = browser().sign_in(build.organisation(house))
    listing = f"/listings/{_draft(supplier)}"
    supplier.send(f"{listing}/interface", **_picked(supplier, upstream, listing))
    edit = supplier.get(f"{listing}/edit")
    assert "a trial of getCompany" in edit
    assert upstream.secret not in edit
    code: dict[str, Any] = {"value-credit_code": next(iter(firms()))}
    supplier.send(f"{listing}/trials", operation="getCompany", body="", **code)
    assert "proven" in supplier.get(f"{listing}/edit")
    supplier.send(f"{listing}/call-offer", **OFFER)
    supplier.send(f"{listing}/submit", **DECLARED)
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    review = f"/review/{_id(reviewer.get('/review'), 'rvw')}"
    assert "/companies/{credit_code}" in reviewer.get(review)
    answers: dict[str, Any] = {f"answer-{item.id}": "pass" for item in checklist()}
    reviewer.send(f"{review}/items", **answers)
    reviewer.send(f"{review}/approve")
    shown = browser().sign_in(build.organisation(house)).get(listing)
    assert "¥0.04" in shown
    assert "20 free a month" in shown
    assert "60 a day" in shown
    assert "curl" not in shown  # the lines are for those who hold a licence


def test_what_is_wrong_in_a_document_is_said_with_its_place_and_nothing_typed_is_lost(
    browser: Open, calling_house: House, upstream: Upstream
) -> None:
    supplier = browser().sign_in(build.organisation(calling_house))
    listing = f"/listings/{_draft(supplier)}"
    broken = '{"openapi": "3.0.0", "info": {"title": "x", "version": "1"}, "paths": {"/a": {"get": {"responses": 7}}}}'
    answer = supplier.send(f"{listing}/openapi", status=422, document=broken)
    assert "#/paths/~1a/get" in answer.text
    assert "&#34;responses&#34;: 7" in answer.text
    form = _picked(supplier, upstream, listing)
    wrong = supplier.send(f"{listing}/interface", status=422, **form | {"hit-getCompany": "two hundred"})
    assert 'value="two hundred"' in wrong.text
    assert upstream.secret not in wrong.text
    offer = supplier.send(f"{listing}/call-offer", status=422, **OFFER | {"price": "0,04"})
    assert 'value="0,04"' in offer.text
    assert 'value="Register of firms"' in offer.text


def test_nobody_else_makes_tries_or_prices_somebodys_interface(
    browser: Open, calling_house: House, upstream: Upstream
) -> None:
    house = calling_house
    owner = build.organisation(house)
    made = build.interface_draft(house, owner, upstream)
    stranger = browser().sign_in(build.organisation(house))
    form = _picked_by_nobody(stranger)
    for step in ("openapi", "interface", "trials", "credential", "call-offer"):
        stranger.send(f"/listings/{made.id}/{step}", status=404, **form)
    after = house.db.read(lambda uow: listings.get(uow, owner.actor, made.id))
    assert after == made
    assert made.revision is not None
    assert made.revision.interface is not None
    interface_id = made.revision.interface.id
    assert len(house.db.read(lambda uow: interfaces.trials(uow, owner.actor, interface_id))) == 1


def _picked_by_nobody(stranger: Browser) -> dict[str, Any]:
    stranger.get("/desk")
    return {"document": "{}", "operation": "getCompany", "value": "secret", "check": "", **OFFER}


def test_a_buyer_orders_an_interface_and_finds_lines_made_for_the_licence(
    browser: Open, calling_house: House, upstream: Upstream
) -> None:
    house = calling_house
    made = build.interface_listed(house, build.organisation(house), upstream)
    assert made.offer is not None
    buyer = browser().sign_in(build.organisation(house))
    buyer.get(f"/listings/{made.id}")
    terms: dict[str, Any] = {
        "listing_id": made.id,
        "offer_id": made.offer.id,
        "purpose": "product",
        "accept_terms": "true",
    }
    order = f"/orders/{_id(buyer.send('/orders', **terms).headers['Location'], 'ord')}"
    assert "Confirm, and begin" in buyer.get(order)
    buyer.send(f"{order}/pay")
    page = buyer.get(order)
    assert "Access is open" in page
    assert "/usage?entitlement=ent_" in page
    assert "$PIAOHAO_KEY" in page
    listing = buyer.get(f"/listings/{made.id}")
    assert f"{house.settings.gateway_address}/i/{made.id}/companies/" in listing
    assert "$PIAOHAO_KEY" in listing
    assert "Data-Purpose: product" in listing
    assert "os.environ" in listing
    entitlement = _id(page, "ent")
    trial: dict[str, Any] = {
        "operation": "getCompany",
        "entitlement_id": entitlement,
        "key": "ph_test_x",
        "value-credit_code": "1",
    }
    assert "without a gateway" in buyer.send(f"/listings/{made.id}/try", status=503, **trial).text
    stranger = browser().sign_in(build.organisation(house))
    assert "curl" not in stranger.get(f"/listings/{made.id}")
    stranger.send(f"/listings/{made.id}/try", status=422, **trial)


def test_an_officer_freezes_and_releases_with_a_reason_that_the_parties_see(
    browser: Open, calling_house: House, upstream: Upstream
) -> None:
    house = calling_house
    supplier, buyer = build.organisation(house), build.organisation(house)
    made = build.paid(house, buyer, build.interface_listed(house, supplier, upstream))
    order = f"/orders/{made.id}"
    stranger = browser().sign_in(build.organisation(house))
    stranger.send(f"{order}/freeze", status=404, reason="mine")
    officer = browser().sign_in(build.platform_person(house, "officer"))
    officer.get(order)
    officer.send(f"{order}/freeze", reason="A court asks for it.")
    for party in (supplier, buyer):
        person = browser().sign_in(party)
        assert "A court asks for it." in person.get(order)
        person.send(f"{order}/release", status=403)
        assert "Frozen by the platform" in person.get(order)
    officer.get(order)
    officer.send(f"{order}/release")
    assert "Frozen by the platform" not in officer.get(order)
