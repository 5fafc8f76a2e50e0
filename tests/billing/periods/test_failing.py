"""A meter that cannot be closed is written down, told of and tried again, and stops no other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from billing.periods import queries, service
from billing.periods.types import FailingClose
from core.house import House
from core.settings import Settings
from exchange.app import build_house
from tests.billing.books import Books
from tests.billing.periods.closing import CENTI, Sale, wait
from tests.billing.test_faults import force


def failing(house: House) -> list[FailingClose]:
    return house.db.read(queries.failing)


def call_of_nobody(sale: Sale) -> str:
    """A call that names an organisation which is not there, loaded as any other; answers its entitlement."""
    sale.meter.right = replace(sale.right, id="ent_0nobody", order_id="ord_0nobody", organisation_id="org_nobody")
    sale.call(5)
    sale.meter.right = sale.right
    return "ent_0nobody"


def spoil_plan(house: House, plan_hash: str, document: str) -> None:
    with house.db.engine.connect() as connection, connection.begin():
        assert force(connection, f"UPDATE usage_plan SET document = '{document}' WHERE hash = '{plan_hash}'") == 1
    house.db.engine.dispose()


def test_a_call_of_nobody_stops_no_other_close(books: Books, caplog: pytest.LogCaptureFixture) -> None:
    sales = [Sale(books) for _ in range(3)]
    for sale in sales:
        sale.call(25)
    bad = call_of_nobody(sales[1])
    wait(books.house)
    assert len(list(service.close_due(books.house))) == 3
    assert [[invoice.net for invoice in sale.invoices()] for sale in sales] == [[100]] * 3
    (told,) = failing(books.house)
    assert (told.entitlement_id, told.order_id, told.times) == (bad, "ord_0nobody", 1)
    assert "org_nobody" in told.reason or "OrganisationNotFound" in told.reason
    assert "ent_0nobody" in caplog.text
    assert any("ord_0nobody" in fault and "a month cannot be closed" in fault for fault in books.faults())


def test_what_cannot_be_rated_waits_and_is_closed_once_it_can(books: Books, settings: Settings) -> None:
    good, bad = Sale(books), Sale(books, CENTI)
    good.call(25)
    bad.call(1_000)
    wait(books.house)
    document = json.dumps(bad.right.plan)
    spoil_plan(books.house, bad.right.plan_hash, "{}")
    other = build_house(settings)
    assert [each.order_id for each in service.close_due(other)] == [good.right.order_id]
    (first,) = failing(other)
    assert (first.entitlement_id, first.times) == (bad.right.id, 1)
    assert list(service.close_due(other)) == []
    (second,) = failing(other)
    assert (second.times, second.since, second.tried_at >= first.tried_at) == (2, first.since, True)
    assert bad.invoices() == []
    assert bad.balance().held == 297, "it is still held for"
    spoil_plan(other, bad.right.plan_hash, document)
    assert [each.order_id for each in service.close_due(other)] == [bad.right.order_id]
    assert (failing(other), bad.balance().held, [invoice.net for invoice in bad.invoices()]) == ([], 0, [280])
    other.db.engine.dispose()
    assert books.faults() == []


def test_calls_by_a_plan_that_nobody_knows_wait_and_are_told_of(books: Books) -> None:
    sale, good = Sale(books), Sale(books)
    good.call(25)
    sale.call(25)
    sale.meter.right = replace(sale.right, plan_hash="ab" * 32)
    sale.call(5)
    wait(books.house)
    assert [each.order_id for each in service.close_due(books.house)] == [good.right.order_id]
    assert [each.entitlement_id for each in failing(books.house)] == [sale.right.id]
    assert "ab" * 32 in failing(books.house)[0].reason
    assert any("a month cannot be closed: PlanUnknown" in fault for fault in books.faults())


def test_the_worker_tries_again_after_a_while(books: Books) -> None:
    sale = Sale(books)
    sale.call(1)
    call_of_nobody(sale)
    wait(books.house)
    assert service.tend(books.house) == 1
    assert service.tend(books.house) == 0
    assert failing(books.house)[0].times == 1
    books.house.clock.advance(service.PATIENCE + timedelta(seconds=1))
    service.tend(books.house)
    assert failing(books.house)[0].times == 2
