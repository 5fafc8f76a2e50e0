"""Somebody with the database file in hand changes a month: the books say so."""

from __future__ import annotations

import pytest

from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait
from tests.billing.test_faults import force


@pytest.fixture
def sale(books: Books) -> Sale:
    made = Sale(books, balance=100)
    made.call(30, operation="digits")
    made.call(10, "miss", operation="digits")
    made.call(20, operation="letters")
    wait(books.house)
    made.close()
    made.call(7)
    wait(books.house)
    made.close()
    assert books.faults() == []
    return made


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE closed_period SET usage = REPLACE(usage, '30,', '29,')", "differs from its hash"),
        ("UPDATE closed_period SET usage_sha256 = 'x'", "names other usage"),
        ("UPDATE closed_period SET invoice_id = NULL", "another one than the close made"),
        ("DELETE FROM closed_period", "has no closed period"),
        ("DELETE FROM closed_period WHERE month = (SELECT MIN(month) FROM closed_period)", "units were closed"),
        ("UPDATE usage_window SET billed = billed - 1, invoiced = invoiced - 40000000", "units were closed"),
        ("DELETE FROM usage_record WHERE outcome = 'miss'", "recorded"),
        ("UPDATE open_invoice SET outstanding = outstanding + 1", "the open invoices say"),
        ("DELETE FROM open_invoice", "the open invoices say"),
        ("UPDATE payable SET net = net + 1, share = share + 1", "the supplier's lines say"),
        ("DELETE FROM payable", "the supplier's lines say"),
        ("UPDATE usage_hold SET held = held + 5", "the meters hold"),
    ],
)
def test_found(sale: Sale, statement: str, where: str) -> None:
    with sale.house.db.engine.connect() as connection, connection.begin():
        changed = force(connection, statement)
    sale.house.db.engine.dispose()
    assert changed > 0
    assert any(where in fault for fault in sale.books.faults()), sale.books.faults()
