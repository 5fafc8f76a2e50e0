"""A quote by pages alone, without script: ask, answer, counter, accept, sign, read the contract."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import flask

from compliance.identity import queries as identity
from core.house import House
from exchange.web import terms
from tests import build
from tests.exchange.trading.test_terms import GOLDEN
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]
TERMS: dict[str, Any] = {
    "kind": "one_off", "amount": "900.00", "term_months": "12", "purposes": ["training"], "deliveries": ["download"],
    "territories": "CN", "contract": "provision", "nda": "true", "watermark": "true",
}  # fmt: skip


def _head(page: str) -> str:
    found = re.search(r'name="in_reply_to" value="(msg_[0-9a-z]{26})"', page)
    assert found
    return found[1]


def test_a_quote_becomes_a_signed_contract(browser: Open, house: House) -> None:
    seller, purchaser = build.organisation(house), build.organisation(house)
    listing = build.listed(house, seller, files=[build.file(house, seller, build.measured()).id])
    buyer, supplier = browser().sign_in(purchaser), browser("zh").sign_in(seller)
    assert "Ask for a quote" in buyer.get(f"/listings/{listing.id}")
    form: dict[str, Any] = {"listing_id": listing.id, "purpose": "training", "text": "May we train a model on it?"}
    order = buyer.send("/orders/inquiries", **form).headers["Location"].partition("?")[0]
    page = supplier.get(order)
    assert "May we train a model on it?" in page
    supplier.send(f"{order}/messages", text="For which product?", in_reply_to=_head(page))
    page = supplier.get(order)
    wrong = supplier.send(f"{order}/terms", status=422, in_reply_to=_head(page), **TERMS | {"amount": "a lot"})
    assert 'value="a lot"' in wrong.get_data(as_text=True)
    supplier.send(f"{order}/terms", in_reply_to=_head(page), text="Our price.", **TERMS)
    page = buyer.get(order)
    assert "For which product?" in page
    assert "Our price." in page
    buyer.send(f"{order}/terms", in_reply_to=_head(page), **TERMS | {"amount": "850.00"})
    page = supplier.get(order)
    assert "<del>¥900.00</del> <ins>¥850.00</ins>" in page
    supplier.send(f"{order}/agree", in_reply_to=_head(page))
    assert "Next: sign and approve" in buyer.get(order)
    buyer.send(f"{order}/requirements/contract.buyer", status=403, otp="")
    for who, page_of, side in ((purchaser, buyer, "buyer"), (seller, supplier, "supplier")):
        for kind in ("nda", "contract"):
            page_of.get(order)
            page_of.send(f"{order}/requirements/{kind}.{side}", otp=build.otp(house, who))
    contract = buyer.get(f"{order}/contract")
    assert "Contract of data provision" in contract
    assert "901.00" in contract
    assert "Next: pay" in buyer.get(order)


def _credit_code(house: House, who: build.Built) -> str:
    return house.db.read(lambda uow: identity.organisation(uow, who.organisation_id or "").credit_code)


def test_a_private_offer_is_declined(browser: Open, house: House) -> None:
    seller, purchaser = build.organisation(house), build.organisation(house)
    listing = build.listed(house, seller)
    supplier, buyer = browser().sign_in(seller), browser().sign_in(purchaser)
    assert "Offer it to one buyer" in supplier.get(f"/listings/{listing.id}")
    form = TERMS | {"buyer_id": _credit_code(house, purchaser), "watermark": "", "contract": "none", "nda": ""}
    order = supplier.send(f"/listings/{listing.id}/private-offer", **form).headers["Location"].partition("?")[0]
    page = buyer.get(order)
    assert "Accept these terms" in page
    buyer.send(f"{order}/decline", in_reply_to=_head(page), reason="Too dear.")
    assert "Too dear." in supplier.get(order)
    browser().sign_in(build.organisation(house)).get(order, status=404)


def test_terms_that_speak_of_another_revision_say_so(app: flask.Flask) -> None:
    after = GOLDEN | {"revision": "rev_01jc9x2m5t7rqk8v4e6b0wz3nq"}
    with app.test_request_context():
        found = terms.rows(after, GOLDEN, only_changed=True)
    assert [(row.text, row.before) for row in found] == [(after["revision"], GOLDEN["revision"])]
