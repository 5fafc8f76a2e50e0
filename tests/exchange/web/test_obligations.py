"""The public form, the register of freezes, what went abroad: by links and forms, without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from compliance.audit import sequencer
from compliance.exports import queries
from core.house import House
from tests import build
from tests.compliance.exports.campaign import bundle, limits, reserve, table
from tests.compliance.requests.letters import bodies, code_in
from tests.exchange.web.browser import Browser

_TABLE = "caller,score\n13912345678,1\n13800000001,2\n"


def test_a_person_without_account_asks_and_reads_the_answer(house: House, browser: Callable[..., Browser]) -> None:
    supplier, officer = build.organisation(house), build.platform_person(house, "officer")
    build.file(house, supplier, _TABLE)
    person = browser()
    assert "PIPL, article 47" in person.get("/privacy")
    form: dict[str, Any] = {
        "kind": "delete",
        "email": "li@example.org",
        "phone": "12",
        "resident_id": "",
        "name": "Li",
        "text": "",
    }
    assert "mobile number of mainland" in person.send("/privacy", 422, **form).get_data(as_text=True)
    sent = person.send("/privacy", **form | {"phone": "139 1234 5678"})
    address = sent.headers["Location"].partition("?")[0]
    person.get(address)
    person.send(address, 404, code="wrong")
    code = code_in(bodies(house, "li@example.org")[0])
    assert "With the suppliers" in person.send(address, 200, code=code).get_data(as_text=True)
    request_id = address.rpartition("/")[2]
    suppliers = browser().sign_in(supplier)
    assert f"/requests/{request_id}" in suppliers.get("/requests")
    assert "139 1234 5678" in suppliers.get(f"/requests/{request_id}")
    suppliers.send(f"/requests/{request_id}/answer", outcome="fulfilled", text="One row removed.")
    officers = browser().sign_in(officer)
    assert f"/requests/{request_id}" in officers.get("/requests")
    assert "One row removed." in officers.get(f"/requests/{request_id}")
    officers.send(f"/requests/{request_id}/close", outcome="fulfilled", text="It was removed.")
    person.get(address)
    seen = person.send(address, 200, code=code).get_data(as_text=True)
    assert "It was removed." in seen
    assert "One row removed." in seen


def test_the_officer_stops_and_lets_go_by_id(house: House, browser: Callable[..., Browser]) -> None:
    officer, supplier, buyer = build.platform_person(house, "officer"), *(build.organisation(house) for _ in range(2))
    listing = build.listed(house, supplier)
    order = build.placed(house, buyer, listing)
    officers = browser().sign_in(officer)
    assert "Nothing stands still" in officers.get("/freezes")
    for thing in (order.id, listing.id, supplier.organisation_id):
        officers.send("/freezes", object_id=thing, reason="a complaint of the 26th")
    assert officers.send("/freezes", 422, object_id="acc_1", reason="why").status_code == 422
    officers.send("/holds", object_id=order.id, reason="court order 7")
    sequencer.run(house)
    page = officers.get("/freezes")
    assert page.count("a complaint of the 26th") == 3
    assert "order:freeze" in page
    assert "another officer lets it go" in page
    for part in page.split('action="/freezes/')[1:]:
        officers.send(f"/freezes/{part.partition('/')[0]}/release", reason="settled")
    assert officers.get("/freezes").count("a complaint of the 26th") == 1
    assert officers.get("/freezes?all=1").count("a complaint of the 26th") == 3
    other = browser().sign_in(build.platform_person(house, "officer"))
    hold_id = other.get("/freezes").split('action="/holds/')[1].partition("/")[0]
    other.send(f"/holds/{hold_id}/release", reason="case closed")
    browser().sign_in(buyer).get("/freezes", 403)


def test_what_went_abroad_is_told_to_the_exporter_and_to_officers(
    house: House, browser: Callable[..., Browser]
) -> None:
    supplier, officer = build.organisation(house), build.platform_person(house, "officer")
    with patch.object(queries, "thresholds", lambda _uow: limits(1000)):
        reserve(house, supplier, bundle(house, supplier, table(range(60))))
        assert "more is needed from 100 on" in browser().sign_in(supplier).get("/exports")
        officers = browser().sign_in(officer)
        assert "more is needed from 100 on" in officers.get("/exports")
        today = house.clock.now().date()
        form: dict[str, Any] = {
            "organisation_id": supplier.organisation_id, "mechanism": "standard_contract", "number": "沪-2026-7",
            "countries": "sg, us", "valid_from": today, "valid_until": today + timedelta(days=300),
        }  # fmt: skip
        officers.send("/clearances", 422, **form | {"countries": "Singapore"})
        officers.send("/clearances", **form)
        page = officers.get("/exports")
    assert "沪-2026-7" in page
    clearance_id = page.split('action="/clearances/')[1].partition("/")[0]
    officers.send(f"/clearances/{clearance_id}/withdraw", reason="ended")
    assert "withdrawn" in officers.get("/exports")
    browser().sign_in(build.platform_person(house, "reviewer")).get("/exports", 403)
