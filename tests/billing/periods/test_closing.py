"""A month of usage becomes one invoice: exact, once, whatever comes late or twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.periods.errors import NotOver
from tests.billing.books import Books
from tests.billing.periods.closing import CENTI, Sale, wait
from tests.billing.usage.metering import PER_HIT


def test_a_month_is_invoiced_paid_and_on_hold_for_the_supplier(books: Books) -> None:
    sale = Sale(books)
    sale.call(100, operation="digits")
    sale.call(50, "miss", operation="digits")
    sale.call(25, operation="letters")
    sale.call(7, mode="test")
    assert sale.balance().held == 530
    wait(books.house)
    (closed,) = sale.close()
    (invoice,) = sale.invoices()
    assert closed.invoice_id == invoice.id
    assert (invoice.net, invoice.tax, invoice.gross) == (500, 30, 530)
    lines = [(line.usage.operation, line.quantity, line.net) for line in invoice.lines if line.usage]
    assert lines == [("digits", 100, 400), ("letters", 25, 100)]
    assert (sale.balance().balance, sale.balance().held) == (1_000_000 - 530, 0)
    assert sale.owed() == 0
    assert books.faults() == []


def test_closing_again_changes_nothing(books: Books) -> None:
    sale = Sale(books)
    sale.call(10)
    wait(books.house)
    assert len(sale.close()) == 1
    before = sale.balance()
    assert sale.close() == []
    assert len(sale.invoices()) == 1
    assert sale.balance() == before
    assert books.faults() == []


def test_no_usage_makes_no_invoice_and_uses_no_number(books: Books) -> None:
    idle, busy = Sale(books), Sale(books)
    busy.call(1)
    wait(books.house)
    assert idle.close() == []
    busy.close()
    assert idle.invoices() == []
    assert [invoice.number for invoice in busy.invoices()] == ["INV-00000001"]


def test_what_costs_nothing_makes_no_invoice(books: Books) -> None:
    sale = Sale(books)
    sale.call(10, "miss")
    sale.call(10, mode="test")
    sale.call(10, credited=True)
    wait(books.house)
    sale.close()
    assert sale.invoices() == []
    assert sale.balance().balance == 1_000_000
    assert books.faults() == []


def test_what_a_package_or_a_free_quota_covers_makes_no_invoice(books: Books) -> None:
    package = {"version": 1, "kind": "package", "currency": "CNY", "amount": "50.00", "unit": "hit", "quantity": 100}
    quota = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "1.00", "free_quota": 30, "period": "month"}
    bought, given = Sale(books, package), Sale(books, quota)
    for _ in range(2):
        bought.call(30)
        given.call(30)
        wait(books.house)
        bought.close()
    given.call(35)
    wait(books.house)
    given.close()
    assert bought.invoices() == []
    (invoice,) = given.invoices()
    assert [(line.quantity, line.net) for line in invoice.lines] == [(5, 500)]
    assert books.faults() == []


def test_a_package_bought_twice_calls_on_trial_and_the_balance_do_not_mix(books: Books) -> None:
    package = {"version": 1, "kind": "package", "currency": "CNY", "amount": "50.00", "unit": "hit", "quantity": 100}
    first = Sale(books, package, balance=1_000)
    second, paid = (
        Sale(books, plan, balance=0, buyer=first.buyer, supplier=first.supplier) for plan in (package, PER_HIT)
    )
    assert [sale.meter.fund(150) for sale in (first, second, paid)] == [100, 100, 150]
    paid.meter.unfund(145)
    for sale, hits in ((first, 100), (second, 30), (paid, 5)):
        sale.call(hits)
        sale.call(7, mode="test")
    assert [sale.meter.fund(1) for sale in (first, second)] == [0, 0], "one is used up, of the other all are lent"
    assert (second.meter.unfund(100), second.meter.fund(100)) == (70, 70)
    assert paid.balance().held == 21
    wait(books.house)
    for sale in (first, second, paid):
        sale.close()
    assert [[invoice.gross for invoice in sale.invoices()] for sale in (first, second, paid)] == [[], [], [21]]
    assert (paid.balance().balance, paid.balance().held) == (979, 0)
    assert books.faults() == []


def test_a_running_month_is_not_closed(books: Books) -> None:
    sale = Sale(books)
    sale.call(10)
    assert sale.close() == []
    with pytest.raises(NotOver):
        sale.close(books.house.clock.now() + timedelta(days=40))
    assert sale.invoices() == []


def test_late_usage_goes_to_the_next_invoice_and_names_its_month(books: Books) -> None:
    sale = Sale(books)
    began = books.house.clock.now()
    sale.call(10)
    wait(books.house)
    sale.close()
    sale.call(3, at=began)
    sale.call(5)
    assert sale.close() == []
    wait(books.house)
    sale.close()
    first, second = sale.invoices()
    assert [(line.usage.period, line.quantity) for line in second.lines if line.usage] == [
        (first.period, 3),
        (second.period, 5),
    ]
    assert second.net == 32
    assert sale.balance().held == 0
    assert books.faults() == []


def test_late_usage_alone_waits_for_the_next_month_to_end(books: Books) -> None:
    sale = Sale(books)
    began = books.house.clock.now()
    sale.call(10)
    wait(books.house)
    sale.close()
    sale.call(3, at=began)
    assert sale.close() == []
    wait(books.house)
    (closed,) = sale.close()
    assert closed.period.label > sale.invoices()[0].period
    assert [(line.usage.period, line.quantity) for line in sale.invoices()[1].lines if line.usage] == [
        (sale.invoices()[0].period, 3)
    ]
    assert books.faults() == []


def test_late_usage_of_a_window_longer_than_a_month_is_billed_too(books: Books) -> None:
    """The buyer never calls again: nothing but the late calls is there to be closed."""
    sale = Sale(books, CENTI | {"price": "1.00", "free_quota": 5, "period": "year"})
    wait(books.house, 60)
    began = books.house.clock.now()
    sale.call(10)
    wait(books.house)
    sale.close()
    sale.call(3, at=began)
    wait(books.house)
    (closed,) = sale.close()
    assert [invoice.net for invoice in sale.invoices()] == [500, 300]
    assert closed.period.label > sale.invoices()[0].period
    assert (sale.close(), sale.balance().held) == ([], 0)
    assert books.faults() == []


def test_a_month_that_had_no_invoice_gets_its_own_when_usage_comes_late(books: Books) -> None:
    sale = Sale(books)
    began = books.house.clock.now()
    wait(books.house)
    sale.call(5)
    wait(books.house)
    sale.close()
    sale.call(3, at=began)
    sale.close()
    assert [invoice.net for invoice in sale.invoices()] == [20, 12]
    assert sale.invoices()[1].period < sale.invoices()[0].period
    assert books.faults() == []


def test_several_months_are_closed_each_by_itself(books: Books) -> None:
    sale = Sale(books)
    for number in (1, 2, 3):
        sale.call(number)
        wait(books.house)
    assert len(sale.close()) == 3
    assert [invoice.net for invoice in sale.invoices()] == [4, 8, 12]
    assert sorted({invoice.period for invoice in sale.invoices()}) == [invoice.period for invoice in sale.invoices()]
    assert books.faults() == []


def test_a_fraction_of_a_cent_parks_nobody(books: Books) -> None:
    """killbill #1124: what is less than a cent left an account parked."""
    sale = Sale(books, CENTI, balance=100)
    sale.call(1)
    assert sale.balance().held == 1
    wait(books.house)
    sale.close()
    (invoice,) = sale.invoices()
    assert (invoice.net, invoice.gross) == (0, 0)
    assert (sale.balance().balance, sale.balance().held, sale.owed()) == (100, 0, 0)
    assert sale.meter.fund(10) == 10
    assert books.faults() == []


def test_the_same_usage_is_not_billed_by_both_plans_after_a_change(books: Books) -> None:
    """polar #9090: a change in mid-cycle billed the usage by the old plan and by the new one."""
    sale = Sale(books)
    sale.call(10)
    sale.also({"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.10"})
    sale.call(10)
    wait(books.house)
    sale.close()
    (invoice,) = sale.invoices()
    assert sorted(line.net for line in invoice.lines) == [40, 100]
    assert books.faults() == []


def test_what_the_balance_cannot_pay_stays_open_stops_funding_and_is_collected(books: Books) -> None:
    sale = Sale(books, balance=10)
    sale.call(100)  # delivered without a lease: more than the balance covers
    wait(books.house)
    sale.close()
    (invoice,) = sale.invoices()
    assert invoice.gross == 424
    assert (sale.balance().balance, sale.owed()) == (0, 414)
    books.fund(sale.buyer_id, 400)
    assert (sale.balance().balance, sale.owed()) == (0, 14)
    assert sale.meter.fund(1) == 0
    books.fund(sale.buyer_id, 100)
    assert (sale.balance().balance, sale.owed()) == (86, 0)
    assert sale.meter.fund(1) == 1
    assert books.faults() == []
