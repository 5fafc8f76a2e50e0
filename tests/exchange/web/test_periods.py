"""The invoice of a month of usage, its statement and its credit note, and what the supplier sees of it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from billing.settlement.types import SettlementRow
from core.house import House
from exchange.web.views.revenue import grouped
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import CENTI, Sale, wait
from tests.exchange.web.browser import Browser

Open = Callable[..., Browser]


@pytest.fixture
def sale(house: House) -> Sale:
    """A closed month: 1,237 hits of one operation and 999 of another, at ¥0.0028."""
    made = Sale(Books.open(house), CENTI)
    made.call(1_237, operation="digits")
    made.call(40, "miss", operation="digits")
    made.call(999, operation="letters")
    wait(house)
    made.close()
    return made


def test_a_statement_sums_to_its_invoice_with_the_rounding_as_a_row(browser: Open, sale: Sale) -> None:
    (invoice,) = sale.invoices()
    person = browser().sign_in(sale.buyer)
    page = person.get(f"/invoices/{invoice.id}")
    assert "¥3.4636" in page
    assert "Rounding, in the net amounts" in page
    statement = person.get(f"/invoices/{invoice.id}/statement")
    assert "Usage, not rounded" in statement
    signed = json.loads(person.get(f"/invoices/{invoice.id}/statement.json"))
    said = signed["statement"]
    assert said["rounding"] in statement
    rows = list(csv.reader(io.StringIO(person.get(f"/invoices/{invoice.id}/statement.csv"))))
    amounts = [Decimal(row[-1]) for row in rows[1:] if row[0] not in ("usage", "net", "tax", "gross")]
    assert sum(amounts) == Decimal(said["net"])
    assert signed["signature"]
    person.get(f"/invoices/{invoice.id}/statement.pdf", status=404)


def test_strangers_find_neither_invoice_nor_statement(browser: Open, sale: Sale) -> None:
    (invoice,) = sale.invoices()
    stranger = browser().sign_in(build.organisation(sale.house))
    for address in ("", "/statement", "/statement.json", "/statement.csv"):
        stranger.get(f"/invoices/{invoice.id}{address}", status=404)


def test_finance_credits_a_line_and_a_party_does_not(browser: Open, sale: Sale) -> None:
    (invoice,) = sale.invoices()
    buyer = browser().sign_in(sale.buyer)
    assert "Correct this invoice" not in buyer.get(f"/invoices/{invoice.id}")
    buyer.send(f"/invoices/{invoice.id}/credit", status=403, reason="I want it back.")
    assert len(sale.invoices()) == 1
    finance = browser().sign_in(build.platform_person(sale.house, "finance"))
    finance.get(f"/invoices/{invoice.id}")
    finance.send(f"/invoices/{invoice.id}/credit", status=422, reason="Too many.", lines=["7"])
    finance.send(f"/invoices/{invoice.id}/credit", reason="The upstream answered nonsense.", lines=["1"])
    note = sale.invoices()[1]
    assert note.net == -invoice.lines[0].net
    assert note.number in buyer.get(f"/invoices/{invoice.id}")
    assert "The upstream answered nonsense." in buyer.get(f"/invoices/{note.id}")


def test_a_supplier_sees_customers_and_revenue_and_nothing_of_others(browser: Open, sale: Sale) -> None:
    supplier = browser().sign_in(sale.supplier)
    for by in ("", "?by=buyer", "?by=listing"):
        page = supplier.get(f"/revenue{by}")
        assert "¥6.26" in page
        assert "of it on hold" in page
    assert "No revenue yet" in browser().sign_in(build.organisation(sale.house)).get("/revenue")


def test_grouping_keeps_every_sum() -> None:
    rows = [
        SettlementRow("s", buyer, listing, 1, "CNY", net, net // 10, net - net // 10, net, 0)
        for buyer, listing, net in (("a", "x", 100), ("a", "y", 50), ("b", "x", 7))
    ]
    for by, count in (("", 3), ("buyer", 2), ("listing", 2)):
        shown = grouped(rows, by)
        assert len(shown) == count
        assert sum(row.net for row in shown) == 157
        assert sum(row.share for row in shown) == sum(row.share for row in rows)
