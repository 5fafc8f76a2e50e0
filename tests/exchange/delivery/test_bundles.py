"""The evidence bundle of a real order: what each who may fetch it finds in it."""

from __future__ import annotations

import json

import flask
import pytest

from compliance.audit import checkpoints, verifier
from core.house import House
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient

Files = dict[str, bytes]


@pytest.fixture
def bundles(app: flask.Flask, house: House) -> tuple[str, str, dict[str, Files]]:
    """(order, invoice, bundle by who fetched it) of an order that was refunded after the listing had changed."""
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.listed(house, supplier)
    build.funded(house, buyer)
    order = build.paid(house, buyer, listing)
    seller = ApiClient(app, supplier.token)
    seller.post(f"/orders/{order.id}/fail-delivery", {"reason": "disk died"}).expect(200)
    seller.post(f"/listings/{listing.id}/offer", {"plan": {"version": 1, "kind": "free"}, "purposes": ["training"]})
    seller.post(f"/listings/{listing.id}/submit").expect(200)
    attend_once(house)
    finance = build.platform_person(house, "finance")
    people = {"buyer": buyer, "supplier": supplier, "finance": finance}
    fetched = {who: ApiClient(app, each.token).get(f"/orders/{order.id}/bundle") for who, each in people.items()}
    return (
        order.id,
        str(order.invoice_id),
        {who: verifier.unpacked(got.expect(200).body) for who, got in fetched.items()},
    )


def test_all_of_them_verify_and_hold_the_review_that_let_it_be_sold(
    house: House, bundles: tuple[str, str, dict[str, Files]]
) -> None:
    key = checkpoints.public_key(house).text()
    for files in bundles[2].values():
        report = verifier.verify(files, key_text=key)
        reviews = [entry for _, entry in report.entries if entry["action"].startswith("review:")]
        assert len({entry["object"] for entry in reviews}) == 1, "the review that came later is not of this order"
        assert reviews[0]["action"] == "review:open"
        assert reviews[-1]["action"] == "review:approve"


def test_the_parties_find_their_invoice_and_credit_note_and_nobody_else_does(
    bundles: tuple[str, str, dict[str, Files]],
) -> None:
    order_id, invoice_id, by_whom = bundles
    for party in ("buyer", "supplier"):
        documents = {n: json.loads(c) for n, c in by_whom[party].items() if n.startswith("invoices/")}
        assert len(documents) == 2
        assert documents[f"invoices/{invoice_id}.json"]["gross"] == "1060.00"
        assert sorted(each["kind"] for each in documents.values()) == ["credit_note", "invoice"]
        assert {each["order"] for each in documents.values()} == {order_id}
    assert not any(name.startswith("invoices/") for name in by_whom["finance"])
