"""Pages of taxes, fapiao, statements and the state of the money, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from billing.accounting import periods
from core.house import House
from tests import build
from tests.billing.books import Books
from tests.credit_codes import credit_code
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


@pytest.fixture
def books(house: House) -> Books:
    return Books.open(house)


def test_from_tax_details_to_a_fapiao(books: Books, browser: Open) -> None:
    house, buyer, supplier = books.house, build.organisation(books.house), build.organisation(books.house)
    books.fund(str(buyer.organisation_id), 1_000_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 10_000)
    owner, place = browser().sign_in(buyer), f"/invoices/{invoice.id}"
    assert "Special VAT fapiao" in owner.get(place)
    refused = owner.send(f"{place}/fapiao", 409, kind="special").get_data(as_text=True)
    assert "fapiao_fields_missing" in refused
    assert "6.0 %" in owner.get("/tax-details")
    form = {
        "version": "0", "title": "北京某某科技有限公司", "taxpayer_number": credit_code(31), "address": "某路 1 号",
        "phone": "010-1", "bank": "工行", "account": "6222020099887711", "vat_number": "",
    }  # fmt: skip
    given = {"csrf": owner.csrf} | form
    refusal = owner.client.post("/tax-details", data=given | {"taxpayer_number": "12"})
    wrong = refusal.get_data(as_text=True)
    assert refusal.status_code == 422
    assert "taxpayer_number_invalid" in wrong
    assert "北京某某科技有限公司" in wrong, "what was typed is still there"
    assert owner.client.post("/tax-details", data=given).status_code == 303
    owner.get(place)
    owner.send(f"{place}/fapiao", kind="special")
    assert "Asked for" in owner.get(place)
    finance = browser("zh").sign_in(books.recorder)
    page = finance.get("/fapiao?state=requested")
    assert form["taxpayer_number"] in page
    request = page.split('action="/fapiao/')[1].split("/")[0]
    assert "fapiao_number_invalid" in finance.send(f"/fapiao/{request}/issue", 422, number="1").get_data(as_text=True)
    finance.send(f"/fapiao/{request}/issue", number="26112000000123456789", code="")
    assert "26112000000123456789" in owner.get(place)
    assert "6222020099887711" not in browser().sign_in(supplier).get(place)
    assert "/issue" not in browser().sign_in(build.platform_person(house, "operator")).get("/fapiao")


def test_finance_records_an_exemption_of_a_buyer_that_said_nothing_of_its_taxes(books: Books, browser: Open) -> None:
    buyer, finance = build.organisation(books.house), browser().sign_in(books.recorder)
    form: dict[str, Any] = {"organisation": str(buyer.organisation_id), "document": "EX-2026-7", "until": "2099-12-31"}
    for wrong in ({"until": "2020-01-01"}, {"until": "9999-12-31"}, {"document": ""}, {"organisation": "nobody"}):
        finance.get("/tax-details")
        finance.send("/tax-exemptions", 422, **form | wrong)
    page = finance.get("/tax-details")
    assert "EX-2026-7" not in page
    assert '<a href="/money" aria-current="page">' in page
    topups = finance.get("/topups")
    assert '<a href="/topups" aria-current="page">' in topups
    assert '<a href="/money" aria-current="page">' not in topups, "one place at a time"
    finance.send("/tax-exemptions", **form)
    assert "EX-2026-7" in finance.get("/tax-details")
    owner = browser().sign_in(buyer)
    assert "0.0 %" in owner.get("/tax-details")
    owner.send("/tax-exemptions", 403, **form)


def test_the_state_of_the_money_and_a_month_closed_by_two(books: Books, browser: Open) -> None:
    house, buyer, supplier = books.house, build.organisation(books.house), build.organisation(books.house)
    books.fund(str(buyer.organisation_id), 1_000_000)
    books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 10_000)
    month = periods.month_of(house.clock.now(), "Asia/Shanghai")
    house.clock.advance(timedelta(days=32))
    first, second = browser().sign_in(books.recorder), browser("zh").sign_in(books.confirmer)
    assert "Cash against what is owed" in first.get("/money")
    assert "month_not_over" in first.send("/months", 409, month="2098-01").get_data(as_text=True)
    first.send("/months", month=month)
    assert "another person confirms" in first.get("/money")
    page = second.get("/money")
    digest = page.split('name="sha256" value="')[1].split('"')[0]
    second.send(f"/months/{month}/confirm", sha256=digest)
    assert "预收账款" in second.get(f"/months/{month}")
    assert '"piaohao-month-close"' in second.get(f"/months/{month}.json")
    assert "total" in second.get(f"/journal.csv?month={month}")
    operator = browser().sign_in(build.platform_person(house, "operator"))
    assert "Close the month" not in operator.get("/money")
    operator.get(f"/journal.csv?month={month}", 403)
    browser().sign_in(buyer).get("/money", 403)
    browser().sign_in(buyer).get(f"/months/{month}", 403)


def test_a_statement_of_account_and_a_settlement(books: Books, browser: Open) -> None:
    house, buyer, supplier = books.house, build.organisation(books.house), build.organisation(books.house)
    books.fund(str(buyer.organisation_id), 1_000_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 10_000)
    month = periods.month_of(house.clock.now(), "Asia/Shanghai")
    for language, words in (("en", "Opening balance"), ("zh", invoice.number)):
        page = browser(language).sign_in(buyer).get("/statement-of-account")
        assert words in page
        assert invoice.number in page
    owner = browser().sign_in(buyer)
    owner.get("/statement-of-account?month=2026-13", 422)
    assert "closing" in owner.get(f"/statement-of-account.csv?month={month}")
    assert "total,,,1,CNY,100.00,10.00,90.00" in browser().sign_in(supplier).get(f"/settlements/{month}.csv")
    page = browser().sign_in(books.recorder).get(f"/statement-of-account?organisation_id={buyer.organisation_id}")
    assert invoice.number in page
    owner.get(f"/statement-of-account?organisation_id={supplier.organisation_id}", 404)
