"""Random years of buyers in random zones, against a sum by hand that shares no code with the closes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.periods import queries, service
from billing.settlement import service as settlement
from billing.usage import service as usage
from tests.billing.books import Books
from tests.billing.periods.closing import Sale
from tests.billing.periods.test_zones import choose

ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu",
         "America/Havana", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Casablanca")  # fmt: skip
PRICES = ("0.0028", "0.04", "0.0333333", "1.005")


class Year:
    """Sales whose calls, late calls, credited calls, closes and changes of zone come as the dice fall."""

    def __init__(self, books: Books, seed: int) -> None:
        self.books, self.dice = books, random.Random(seed)
        self.now = books.house.clock.now
        self.sales = [self.sale() for _ in range(3)]
        self.hits = dict.fromkeys(self.sales, 0)
        self.called: dict[Sale, list[str]] = {sale: [] for sale in self.sales}
        self.steps = [self.calls] * 5 + [self.late] * 2 + [self.close] * 2 + [self.wait] * 4 + [self.credit, self.move]

    def sale(self) -> Sale:
        plan = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": self.dice.choice(PRICES)}
        made = Sale(self.books, plan, balance=10_000_000)
        choose(self.books, made.buyer, self.dice.choice(ZONES))
        return made

    def step(self) -> None:
        self.dice.choice(self.steps)()

    def calls(self, at: datetime | None = None) -> None:
        sale, number = self.dice.choice(self.sales), self.dice.randrange(1, 40)
        outcome = self.dice.choice(("hit", "hit", "miss"))
        records = sale.records(number, outcome, at=at or self.now(), operation=self.dice.choice("abc"))
        sale.load(records)
        sale.load(records)  # a batch that comes twice is harmless
        self.hits[sale] += number if outcome == "hit" else 0
        self.called[sale] += [record.call_id for record in records if outcome == "hit"]

    def late(self) -> None:
        self.calls(self.now() - timedelta(days=self.dice.randrange(1, 90), minutes=self.dice.randrange(1440)))

    def credit(self) -> None:
        sale = self.dice.choice(self.sales)
        chosen = self.dice.sample(self.called[sale], min(5, len(self.called[sale])))
        self.called[sale] = [each for each in self.called[sale] if each not in chosen]
        self.hits[sale] -= self.books.house.db.write(lambda uow: usage.credit(uow, chosen, reason="not delivered"))

    def close(self) -> None:
        for _ in service.close_due(self.books.house):
            pass

    def move(self) -> None:
        choose(self.books, self.dice.choice(self.sales).buyer, self.dice.choice(ZONES))

    def wait(self) -> None:
        self.books.house.clock.advance(timedelta(days=self.dice.randrange(1, 25), minutes=self.dice.randrange(1440)))
        settlement.release_due(self.books.house)

    def end(self) -> None:
        """Two months later everything is closed, whatever came late; a last call each takes in what was credited."""
        for _ in range(2):
            for sale in self.sales:
                sale.call(40, operation="a")
                self.hits[sale] += 40
            self.books.house.clock.advance(timedelta(days=62))
            self.close()

    def compare(self) -> None:
        for sale in self.sales:
            price = Fraction(str(sale.right.plan["price"]))
            documents = [self.statement(sale, invoice.id) for invoice in sale.invoices()]
            assert sum(Fraction(said["usage"]) for said in documents) == self.hits[sale] * price
            for said in documents:
                assert sum(Fraction(row["amount"]) for row in said["rows"]) == Fraction(said["usage"])
                assert Fraction(said["usage"]) + Fraction(said["rounding"]) == Fraction(said["net"])
            gross = sum(invoice.gross for invoice in sale.invoices())
            assert (sale.balance().balance, sale.balance().held) == (10_000_000 - gross, 0)
            self.compare_periods(sale)

    def statement(self, sale: Sale, invoice_id: str) -> dict[str, Any]:
        return self.books.house.db.read(lambda uow: queries.statement(uow, sale.buyer.actor, invoice_id))

    def compare_periods(self, sale: Sale) -> None:
        """Half-open, apart, each beginning at midnight of the first in its zone or where another zone's month ended."""
        closed = self.books.house.db.read(lambda uow: queries.closed_of(uow, sale.right.order_id))
        spans = [each.period for each in closed]
        for before, after in pairwise(spans):
            assert before.ends_at <= after.starts_at
        for span in spans:
            end = span.ends_at.astimezone(ZoneInfo(span.zone))
            assert end.day == 1
            assert end.astimezone(UTC) == span.ends_at


@pytest.mark.parametrize("seed", range(3))
def test_a_year(books: Books, seed: int) -> None:
    year = Year(books, seed)
    for _ in range(60):
        year.step()
    year.end()
    year.compare()
    assert books.faults() == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_years(books: Books, seed: int) -> None:
    year = Year(books, seed)
    for _ in range(400):
        year.step()
    year.end()
    year.compare()
    assert books.faults() == []
