"""Suppliers are settled by the month: on hold for some days, then theirs without the commission."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from billing.ledger import queries as ledger
from billing.settlement import queries, service
from core.db import Uow
from tests import build
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait
from tests.client import ApiClient


def closed(books: Books) -> Sale:
    sale = Sale(books)
    sale.call(1_000)
    wait(books.house)
    sale.close()
    return sale


def totals(sale: Sale) -> tuple[int, int]:
    found = sale.house.db.read(lambda uow: queries.totals(uow, sale.supplier.actor))
    return found.on_hold, found.available


def test_it_is_released_when_the_days_of_hold_are_over(books: Books) -> None:
    sale = closed(books)
    assert totals(sale) == (4_000, 0)
    assert service.release_due(books.house) == 0
    wait(books.house, 6)
    assert service.release_due(books.house) == 0
    wait(books.house, 1)
    assert service.release_due(books.house) == 1
    assert totals(sale) == (0, 3_600)
    assert service.release_due(books.house) == 0
    rows = {row.kind: -row.balance for row in books.house.db.read(ledger.kind_totals)}
    assert (rows["platform_revenue"], rows["tax_payable"]) == (400, 240)
    assert books.faults() == []


def test_what_is_withheld_waits(books: Books) -> None:
    sale = closed(books)
    order = sale.right.order_id
    for _ in range(2):
        books.house.db.write(lambda uow: service.withhold(uow, order_id=order))
    sale.call(100)
    wait(books.house)
    sale.close()
    wait(books.house, 8)
    assert service.release_due(books.house) == 0
    assert totals(sale) == (4_400, 0)
    books.house.db.write(lambda uow: service.let_go(uow, order_id=order))
    assert service.release_due(books.house) == 2
    assert totals(sale) == (0, 3_960)
    assert books.faults() == []


def test_each_month_is_a_line_of_its_own(books: Books) -> None:
    sale = closed(books)
    sale.call(100)
    wait(books.house)
    sale.close()
    page = books.house.db.read(lambda uow: queries.payables(uow, sale.supplier.actor))
    assert [line.net for line in page.items] == [400, 4_000]
    assert [line.period for line in page.items] == [sale.invoices()[1].period, sale.invoices()[0].period]


def test_the_months_of_a_supplier_by_customer_and_listing(client: ApiClient, books: Books) -> None:
    supplier = build.organisation(books.house)
    first, second = Sale(books, supplier=supplier), Sale(books, supplier=supplier)
    first.call(1_000)
    second.call(500)
    wait(books.house)
    first.close()
    second.close()
    second.call(200)
    wait(books.house)
    service.release_due(books.house)
    second.close()
    signed_in = client.sign_in(supplier.email, build.PASSWORD)
    newest, oldest = signed_in.get("/settlements").expect(200).json["items"]
    assert [(row["buyer_id"], row["listing_id"], row["net"], row["share"]) for row in newest["rows"]] == [
        (second.buyer_id, second.right.listing_id, "8.00", "7.20")
    ]
    assert (newest["on_hold"], newest["available"]) == ("7.20", "0.00")
    assert {row["buyer_id"]: row["net"] for row in oldest["rows"]} == {
        first.buyer_id: "40.00",
        second.buyer_id: "20.00",
    }
    assert (oldest["net"], oldest["commission"], oldest["share"], oldest["available"]) == (
        "60.00", "6.00", "54.00", "54.00",
    )  # fmt: skip
    only = signed_in.get(f"/settlements?month={oldest['month']}").expect(200).json["items"]
    assert only == [oldest]
    page = signed_in.get("/settlements?limit=1").expect(200).json
    rest = signed_in.get(f"/settlements?limit=1&cursor={page['next_cursor']}").expect(200).json
    assert page["items"] + rest["items"] == [newest, oldest]
    assert signed_in.get("/settlements?month=2026-13").expect(422).json["field"] == "month"
    other = client.sign_in(first.buyer.email, build.PASSWORD)
    assert other.get("/settlements").expect(200).json["items"] == []
    client.get("/settlements").expect(401)


AGAIN = "order_id, '1999-01', starts_at, ends_at, zone, NULL, usage, usage_sha256, closed_at"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payable SET net = net + 1, share = share + 1",
        "UPDATE payable SET release_at = NULL",
        "UPDATE payable SET state = 'available'",
        "UPDATE payable SET month = '1999-01'",
        "UPDATE closed_period SET usage = '[]'",
        "UPDATE closed_period SET ends_at = starts_at",
        "DELETE FROM closed_period",
        f"INSERT INTO closed_period SELECT {AGAIN} FROM closed_period",
        "UPDATE open_invoice SET outstanding = 0",
    ],
)
def test_the_database_refuses(books: Books, statement: str) -> None:
    sale = Sale(books, balance=1)
    sale.call(1_000)
    wait(books.house)
    sale.close()

    def work(uow: Uow) -> None:
        uow.session.execute(text(statement))

    with pytest.raises(Exception, match=r"payable|closed_period|open_invoice"):
        books.house.db.write(work)
    assert books.faults() == []
