"""Forms sent twice, two people at one draft, members, tiers, suspension, top-ups taken back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from billing.payments import queries as payments
from billing.payments import service as payment_service
from billing.payments.types import TopUp
from catalog.listings import queries as listings
from core.house import House
from exchange.app import build_house, create_app_of
from exchange.trading import queries as trading
from tests import build
from tests.build import Built
from tests.client import ApiClient
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


def test_a_form_sent_twice_is_carried_out_once(browser: Open, house: House) -> None:
    made, second = (build.listed(house, build.organisation(house)) for _ in range(2))
    assert made.offer is not None
    assert second.offer is not None
    buyer = build.organisation(house)
    person = browser().sign_in(buyer)
    person.get(f"/listings/{made.id}")
    order: dict[str, Any] = {
        "listing_id": made.id, "offer_id": made.offer.id, "purpose": made.offer.purposes[0], "accept_terms": "true",
    }  # fmt: skip
    first = person.send("/orders", **order, once="a-key-of-the-page")
    again = person.send("/orders", **order, once="a-key-of-the-page")
    assert again.headers["Location"] == first.headers["Location"]
    assert len(house.db.read(lambda uow: trading.orders(uow, buyer.actor)).items) == 1
    other = person.send(
        "/orders", **order | {"listing_id": second.id, "offer_id": second.offer.id}, once="a-key-of-the-page"
    )
    assert other.headers["Location"] != first.headers["Location"]
    assert len(house.db.read(lambda uow: trading.orders(uow, buyer.actor)).items) == 2


def test_a_secret_shown_once_is_not_shown_again_for_the_same_form(browser: Open, house: House) -> None:
    developer = browser().sign_in(build.organisation(house))
    developer.get("/keys")
    form: dict[str, Any] = {"kind": "key", "name": "page", "mode": "test", "once": "k"}
    assert "ph_test_" in developer.send("/keys", status=201, **form).text
    again = developer.send("/keys", status=409, **form)
    assert "not a second time" in again.text
    assert developer.get("/keys").count("/rotate") == 1


def test_what_fails_can_be_sent_again_under_the_same_key(browser: Open, house: House) -> None:
    supplier = browser().sign_in(build.organisation(house))
    supplier.get("/listings/new")
    form: dict[str, Any] = {"title_en": "Weather", "scene": "nowhere", "once": "k"}
    supplier.send("/listings/new", status=422, **form)
    supplier.send("/listings/new", **form | {"scene": "other"})


def test_two_people_at_one_draft_see_both_versions(browser: Open, house: House) -> None:
    supplier = build.organisation(house)
    draft = build.draft(house, supplier)
    one, two = browser().sign_in(supplier), browser().sign_in(supplier)
    for person in (one, two):
        person.get(f"/listings/{draft.id}/edit")
    form: dict[str, Any] = {"version": draft.version, "scene": "other"}
    one.send(f"/listings/{draft.id}/edit", **form, title_en="The first")
    answer = two.send(f"/listings/{draft.id}/edit", status=412, **form, title_en="The second")
    assert "The first" in answer.text
    assert 'value="The second"' in answer.text
    two.send(f"/listings/{draft.id}/edit", **form | {"version": draft.version + 1}, title_en="The second")
    assert house.db.read(lambda uow: listings.get(uow, supplier.actor, draft.id)).title["en"] == "The second"


def test_a_tier_is_raised_and_never_lowered_and_an_officer_suspends(browser: Open, house: House) -> None:
    supplier = build.organisation(house)
    made = build.draft(house, supplier)
    person = browser().sign_in(supplier)
    person.get(f"/listings/{made.id}/edit")
    person.send(f"/listings/{made.id}/tier", tier=str(made.tier + 1))
    person.send(f"/listings/{made.id}/tier", status=409, tier="0")
    other = build.listed(house, supplier)
    person.send(f"/listings/{other.id}/suspend", status=403, reason="mine")
    officer = browser().sign_in(build.platform_person(house, "officer"))
    assert "Suspend the listing" in officer.get(f"/listings/{other.id}")
    officer.send(f"/listings/{other.id}/suspend", reason="Not as declared.")
    assert house.db.read(lambda uow: listings.get(uow, supplier.actor, other.id)).state == "suspended"
    assert "Suspend the listing" not in officer.get(f"/listings/{other.id}")


def test_a_top_up_is_rejected_by_another_person_or_taken_back(browser: Open, house: House) -> None:
    buyer = build.organisation(house)
    first, second = build.platform_person(house, "finance"), build.platform_person(house, "finance")
    made = [_recorded(house, first, buyer, reference) for reference in ("REF1", "REF2")]
    recorder, other = browser().sign_in(first), browser().sign_in(second)
    recorder.get("/topups")
    recorder.send(f"/topups/{made[0].id}/reject", status=403, reason="It is not mine to say.")
    recorder.send(f"/topups/{made[0].id}/cancel", reason="A slip of the pen.")
    other.get("/topups")
    other.send(f"/topups/{made[1].id}/reject", reason="The bank does not show it.")
    stored = house.db.read(lambda uow: payments.listed(uow, second.actor)).items
    assert {each.state for each in stored} == {"cancelled", "rejected"}
    assert "A slip of the pen." in other.get("/topups")


def _recorded(house: House, person: Built, buyer: Built, reference: str) -> TopUp:
    assert buyer.organisation_id is not None
    owner = buyer.organisation_id
    return house.db.write(
        lambda uow: payment_service.record_topup(
            uow, person.actor, organisation_id=owner, amount="10.00", currency="CNY", bank_reference=reference
        )
    )


def test_while_search_is_away_only_search_rests(house: House) -> None:
    owner = build.organisation(house)
    listing = build.listed(house, owner)
    app = create_app_of(build_house(dataclasses.replace(house.settings, search_url="http://127.0.0.1:9")))
    api = ApiClient(app)
    for address in ("/search?q=weather", "/search/suggestions?q=we"):
        answer = api.get(address).expect(503, "search_away")
        assert int(answer.headers["Retry-After"]) >= 1
    for language, said in (("en", "Search cannot be reached at the moment"), ("zh", "暂时无法")):
        person = Browser(app, language)
        page = person.get("/search?q=weather", 503)
        assert said in page
        assert "Nothing found" not in page
        assert person.client.get("/search").headers["Retry-After"] == "5"
        assert said in person.get("/")
        person.get(f"/listings/{listing.id}")
        person.sign_in(owner)
        person.get(f"/listings/{listing.id}/edit")
