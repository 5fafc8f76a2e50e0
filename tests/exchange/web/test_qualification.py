"""Qualification on pages: the list of documents, handing them in, an officer's decision."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from catalog.listings import service as listings
from core.house import House
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


def _file(name: str) -> Any:
    return io.BytesIO(b"%PDF-1.7"), name


def test_documents_are_asked_for_handed_in_returned_and_approved(browser: Open, house: House) -> None:
    owner = build.organisation(house, level=1)
    person, officer = browser().sign_in(owner), browser().sign_in(build.platform_person(house, "officer"))
    assert "5 are missing" in person.get("/onboarding?level=3")
    page = person.get("/onboarding?level=2")
    assert "2 are missing" in page
    version = page.split('name="version" value="')[1].split('"')[0]
    code = page.split('name="credit_code"')[1].split('value="')[1].split('"')[0]
    form: dict[str, Any] = {"version": version, "level": "2", "name": "Weather Ltd", "name_en": "", "credit_code": code}
    half: dict[str, Any] = {"statement": "Stations.", "document-business_licence": _file("licence.pdf")}
    refused = person.send("/onboarding", status=422, **form, **half).text
    assert "authorisation of the person who acts" in refused
    both = half | {"document-business_licence": _file("licence.pdf"), "document-authorisation": _file("letter.pdf")}
    both["until-authorisation"] = "2099-12-31"
    person.send("/onboarding", **form, **both)
    assert "An officer is checking" in person.get("/onboarding")
    waiting = officer.get("/qualifications")
    assert "letter.pdf" in waiting
    address = waiting.split('href="/documents/')[1].split('"')[0]
    answer = officer.client.get(f"/documents/{address}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    path = f"/qualifications/{owner.organisation_id}"
    notes: dict[str, Any] = {"note-authorisation": "Not signed."}
    officer.send(f"{path}/return", reason="See the letter.", **notes)
    assert "Not signed." in person.get("/onboarding")
    again: dict[str, Any] = {"statement": "Stations.", "document-authorisation": _file("signed.pdf")}
    version = person.get("/onboarding").split('name="version" value="')[1].split('"')[0]
    person.send("/onboarding", **(form | {"version": version}), **again)
    officer.get("/qualifications")
    officer.send(f"{path}/approve", level="2", months="12")
    assert "May trade" in person.get("/onboarding")
    assert browser().client.get(f"/documents/{address}").status_code == 303


def test_a_refusal_for_want_of_a_level_leads_to_what_proves_it(browser: Open, house: House) -> None:
    supplier = build.organisation(house)
    listing = build.listed(house, supplier)
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, listing.id, tier=2))
    page = browser().sign_in(build.organisation(house, level=1)).get(f"/listings/{listing.id}")
    assert 'href="/onboarding?level=2"' in page
    assert "/onboarding" not in browser().get("/search")
