"""The rules as pages: proposed, looked at, activated by another officer; what if; a decision explained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from compliance.policy import document
from core.house import House
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


@pytest.fixture(autouse=True)
def _shipped_rules() -> Iterator[None]:
    yield
    document.use(None)


def _changed() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(document.shipped().canonical)
    made["version"] += 1
    next(rule for rule in made["rules"] if rule["id"] == "listing-see-open")["when"] = ["listed", "registered"]
    return made


def test_one_officer_proposes_and_another_activates_what_both_have_seen(browser: Open, house: House) -> None:
    first, second = (browser().sign_in(build.platform_person(house, "officer")) for _ in range(2))
    page = first.get("/review/policy")
    assert "listing:order" in page
    assert "The rules that ship with the product are in force." in page
    assert "order:call" in first.get("/review/policy?kind=order")
    broken = first.send("/review/policy", status=422, document="{a: 1}", reason="a test")
    assert "The policy cannot be used" in broken.text
    made = first.send("/review/policy", document=json.dumps(_changed()), reason="Nothing without an account")
    address = made.headers["Location"].partition("?")[0]
    shown = first.get(address)
    assert "0 cells open" in shown
    assert "A stranger" in shown
    assert "Activate these rules" not in shown
    assert "another officer than the one who proposed" in shown
    assert "Activate these rules" in second.get(address)
    second.send(f"{address}/activate", status=409, hash="0" * 64)
    assert (
        second.send(f"{address}/activate", hash=json_hash(house)).headers["Location"].endswith("done=policy-activated")
    )
    assert "In force" in second.get("/review/policy")


def json_hash(house: House) -> str:
    with house.db.engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT hash FROM policy_version").scalar_one())


def test_a_proposal_is_rejected_with_a_reason(browser: Open, house: House) -> None:
    officer = browser().sign_in(build.platform_person(house, "officer"))
    officer.get("/review/policy")
    made = officer.send("/review/policy", document=json.dumps(_changed()), reason="to be taken back")
    address = made.headers["Location"].partition("?")[0]
    officer.get(address)
    officer.send(f"{address}/reject", reason="thought better of it")
    assert "Rejected" in officer.get(address)


def test_what_if_says_what_is_needed(browser: Open, house: House) -> None:
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    page = reviewer.get("/review/policy/simulate")
    assert "tier L3 needs full qualification (level 3, yours is 2)" in page
    asked = "action=listing:order&actor.signed_in=yes&actor.roles=buyer&actor.qualification={level}&actor.country=CN"
    asked += "&actor.organisation=org_b&resource.tier={tier}&resource.state=listed&resource.kind=dataset"
    asked += "&resource.owner=org_a&resource.unclaimed=no&context.purpose=training&context.territory=CN"
    assert "watermark" in reviewer.get(f"/review/policy/simulate?{asked.format(level=3, tier=3)}")
    assert "A number is needed." in reviewer.get(f"/review/policy/simulate?{asked.format(level='x', tier=3)}", 422)
    browser().sign_in(build.organisation(house)).get("/review/policy/simulate", 403)
    browser().get("/review/policy", 303)


def test_a_refusal_is_explained_to_whom_it_was_made(browser: Open, house: House) -> None:
    supplier = build.organisation(house)
    listing = build.listed(house, supplier)
    assert listing.offer is not None
    person = browser().sign_in(supplier)
    person.get(f"/listings/{listing.id}")
    order = {"listing_id": listing.id, "offer_id": listing.offer.id, "purpose": "training", "accept_terms": "true"}
    person.send("/orders", status=403, **order)
    with house.db.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT id FROM audit_entry WHERE action = 'refused:listing:order'")
        entry_id = found.scalar_one()
    page = person.get(f"/decisions/{entry_id}")
    assert "an organisation does not buy its own listing" in page
    assert "order-own-listing" in page
    browser().sign_in(build.organisation(house)).get(f"/decisions/{entry_id}", 404)
