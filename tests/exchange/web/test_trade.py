"""The whole trade by pages alone, without script: write, review, find, order, pay, download, accept, verify."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from markupsafe import escape

from compliance.audit import checkpoints, sequencer, verifier
from compliance.review import queries as reviews
from compliance.review.types import checklist
from core import outbox
from core.house import House
from tests import build
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]
TEXTS: dict[str, Any] = {
    "title_zh": "气象站逐时观测", "summary_zh": "六个站一年的逐时观测。", "terms_zh": "仅供被许可方使用。",
    "scene": "other", "tags": "气象, 观测",
}  # fmt: skip
DECLARED: dict[str, Any] = dict.fromkeys(
    ("source", "authorisation", "personal_data", "important_data", "intellectual_property", "prohibited"), "见合同。"
)


def _id(text: str, prefix: str) -> str:
    found = re.search(rf"{prefix}_[0-9a-z]{{26}}", text)
    assert found, text[:500]
    return found[0]


def test_a_supplier_writes_a_listing_and_a_reviewer_approves_it(browser: Open, house: House) -> None:
    supplier = browser("zh").sign_in(build.organisation(house))
    supplier.get("/listings/new")
    listing_id = _id(supplier.send("/listings/new", **TEXTS).headers["Location"], "lst")
    edit = f"/listings/{listing_id}"
    assert "还缺" in supplier.get(f"{edit}/edit")
    supplier.send(f"{edit}/files", files=(io.BytesIO(build.TABLE.encode()), "观测.csv"), notes="首版")
    supplier.send(
        f"{edit}/offer", kind="one_off", amount="1200.00", term_months="12", purposes=["training", "research"]
    )
    supplier.send(f"{edit}/submit", **DECLARED)
    assert "审核中" in supplier.get(f"{edit}/edit")
    browser().sign_in(build.organisation(house)).get(edit, status=404)

    reviewer = browser("zh").sign_in(build.platform_person(house, "reviewer"))
    assert "气象站逐时观测" in reviewer.get("/desk")
    review = f"/review/{_id(reviewer.get('/review'), 'rvw')}"
    assert "12 项未判定" in reviewer.get(review)
    answers: dict[str, Any] = {f"answer-{item.id}": "pass" for item in checklist()}
    reviewer.send(f"{review}/items", **answers)
    reviewer.get(review)
    reviewer.send(f"{review}/approve")
    assert "1,200.00" in browser().sign_in(build.organisation(house)).get(edit)


def test_a_failing_item_needs_its_reason_and_nothing_typed_is_lost(browser: Open, house: House) -> None:
    supplier, reviewer = build.organisation(house), build.platform_person(house, "reviewer")
    listing = build.draft(house, supplier)
    person = browser().sign_in(supplier)
    person.get(f"/listings/{listing.id}/edit")
    person.send(f"/listings/{listing.id}/submit", **DECLARED)
    found = house.db.read(lambda uow: reviews.of_subject(uow, reviewer.actor, listing.id))
    assert found is not None
    worker = browser().sign_in(reviewer)
    worker.get(f"/review/{found.id}")
    answer = worker.send(
        f"/review/{found.id}/items", status=422, **{"answer-source": "fail", "note-prohibited": "typed"}
    )
    assert 'value="typed"' in answer.text
    assert 'aria-invalid="true"' in answer.text
    worker.send(f"/review/{found.id}/return", reason="The source is not proven.")
    assert "The source is not proven." in person.get(f"/listings/{listing.id}/edit")


def test_a_buyer_orders_pays_downloads_and_accepts(browser: Open, house: House) -> None:
    buyer = build.organisation(house)
    build.funded(house, buyer)
    listing = build.listed(house, build.organisation(house))
    person = browser().sign_in(buyer)
    page = person.get(f"/listings/{listing.id}")
    assert "Place the order" in page
    assert listing.offer is not None
    order = "/orders/" + _id(
        person.send(
            "/orders", listing_id=listing.id, offer_id=listing.offer.id, purpose="training", accept_terms="true"
        ).headers["Location"],
        "ord",
    )
    assert "Your turn: pay" in person.get(order)
    person.send(f"{order}/pay")
    page = person.get(order)
    assert "Your turn: download" in page
    file = re.search(rf"{order}/files/fil_\w+", page)
    assert file
    with person.client.get(file[0]) as answer:
        assert answer.data == build.TABLE.encode()
    assert "Your turn: accept" in person.get(order)
    person.send(f"{order}/accept")
    assert "Accepted" in person.get(order)
    invoice = re.search(r"/invoices/inv_\w+", person.get(order))
    assert invoice
    assert "¥1,060.00" in person.get(invoice[0])
    assert "¥98,940.00" in person.get("/balance")


def _verdict(person: Browser, bundle: bytes) -> str:
    """What the exchange says of it to a browser without script; the page also holds what a script would say."""
    page = person.send("/verify", status=200, bundle=(io.BytesIO(bundle), "bundle.zip")).text
    return page[page.index("data-verdict") :].partition("<template")[0]


def test_a_bundle_is_verified_and_a_changed_one_is_not(browser: Open, house: House) -> None:
    buyer = build.organisation(house)
    build.funded(house, buyer)
    order = build.paid(house, buyer, build.listed(house, build.organisation(house)))
    sequencer.run(house)
    checkpoints.sign(house)
    person = browser().sign_in(buyer)
    bundle = person.client.get(f"/orders/{order.id}/bundle.zip").data
    person.get("/verify")
    assert "The bundle is sound" in _verdict(person, bundle)
    person.get("/verify")
    changed = bytearray(bundle)
    changed[len(changed) // 2] ^= 1
    with pytest.raises(verifier.Refused) as refused:
        verifier.unpacked(bytes(changed))
    for language, title, reason in zip(("zh", "en"), ("核验未通过", "Not verified"), refused.value.reason, strict=True):
        person.get(f"/verify?lang={language}")
        said = _verdict(person, bytes(changed))
        assert title in said
        assert escape(reason) in said
        assert "The bundle is sound" not in said
    person.get(f"/orders/{order.id}")
    number = re.search(r"/audit/entries/\d+", person.get(f"/orders/{order.id}"))
    assert number
    assert "the computed root equals" in person.get(number[0])


def test_a_refusal_says_why(browser: Open, house: House) -> None:
    supplier = build.organisation(house)
    listing = build.listed(house, supplier)
    assert listing.offer is not None
    order: dict[str, Any] = {
        "listing_id": listing.id,
        "offer_id": listing.offer.id,
        "purpose": "training",
        "accept_terms": "true",
    }
    person = browser().sign_in(supplier)
    person.get(f"/listings/{listing.id}")
    refused = person.send("/orders", status=403, **order).text
    assert "an organisation does not buy its own listing" in refused


def test_too_little_money_moves_none(browser: Open, house: House) -> None:
    buyer = build.organisation(house)
    order = build.placed(house, buyer, build.listed(house, build.organisation(house)))
    person = browser().sign_in(buyer)
    assert "not enough; top up first" in person.get(f"/orders/{order.id}")
    answer = person.client.post(f"/orders/{order.id}/pay", data={"csrf": person.csrf})
    assert answer.status_code in (402, 409)
    assert "Your turn: pay" in person.get(f"/orders/{order.id}")


def test_two_people_of_finance_bring_money_in(browser: Open, house: House) -> None:
    buyer = build.organisation(house)
    first, second = (browser().sign_in(build.platform_person(house, "finance")) for _ in range(2))
    first.get("/topups")
    form: dict[str, Any] = {
        "organisation_id": buyer.organisation_id,
        "amount": "5000.00",
        "bank_reference": "ICBC20260001",
    }
    first.send("/topups", **form)
    page = first.get("/topups")
    assert "another person confirms" in page
    confirm = re.search(r"/topups/top_\w+/confirm", second.get("/topups"))
    assert confirm
    second.send(confirm[0])
    assert "¥5,000.00" in browser().sign_in(buyer).get("/balance")


def test_search_finds_what_one_may_see(browser: Open, house: House) -> None:
    listing = build.listed(house, build.organisation(house), title={"zh": "高原湖泊水质", "en": "Plateau lakes"})
    while outbox.relay(house, 100):
        pass
    page = browser("zh").get("/search?q=湖泊")
    assert f"/listings/{listing.id}" in page
    assert "<mark>湖泊</mark>" in page
    assert "没有找到" in browser("zh").get("/search?q=绝无此物")


def test_every_page_for_each_kind_of_person(browser: Open, house: House) -> None:
    """Nothing breaks, whoever asks; what is not theirs is refused, not an error."""
    addresses = [
        "/",
        "/search",
        "/figures",
        "/audit",
        "/verify",
        "/desk",
        "/orders",
        "/balance",
        "/ledger",
        "/payables",
        "/topups",
        "/review",
        "/qualifications",
        "/onboarding",
        "/settings/sessions",
        "/listings/new",
    ]
    people = [
        browser(),
        browser("zh").sign_in(build.organisation(house)),
        browser().sign_in(build.organisation(house, level=1)),
        *(browser("zh").sign_in(build.platform_person(house, role)) for role in ("reviewer", "officer", "finance")),
        browser().sign_in(build.platform_person(house, "operator")),
    ]
    for person in people:
        for address in addresses:
            assert person.client.get(address).status_code in (200, 303, 403), address


def test_a_sensitive_listing_is_approved_by_a_reviewer_and_an_officer(browser: Open, house: House) -> None:
    supplier = build.organisation(house)
    table = "id,phone\n" + "".join(f"{n},1380013{n:04d}\n" for n in range(60))
    draft = build.draft(house, supplier, files=[build.file(house, supplier, table).id])
    owner = browser().sign_in(supplier)
    owner.get(f"/listings/{draft.id}/edit")
    owner.send(f"/listings/{draft.id}/submit", **DECLARED)
    reviewer = browser().sign_in(build.platform_person(house, "reviewer"))
    review = f"/review/{_id(reviewer.get('/review'), 'rvw')}"
    answers: dict[str, Any] = {f"answer-{item.id}": "pass" for item in checklist()}
    reviewer.get(review)
    reviewer.send(f"{review}/items", **answers)
    reviewer.get(review)
    assert reviewer.send(f"{review}/approve").headers["Location"].endswith("done=review-first")
    assert "approved once, others approve too" in reviewer.get(review)
    officer = browser().sign_in(build.platform_person(house, "officer"))
    assert "Approve as the second person" in officer.get("/desk")
    officer.get(review)
    assert officer.send(f"{review}/approve").headers["Location"].endswith("done=review-approved")
    assert "needs full qualification" in browser().sign_in(build.organisation(house)).get(f"/listings/{draft.id}")
