"""Random walks of commands against a plain oracle that shares no code with the ledger."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction

import pytest

from billing.invoices import service as invoices
from billing.ledger import queries as ledger
from billing.ledger.errors import BalanceTooLow
from billing.payments import service as payments
from billing.settlement import queries as settlement_queries
from billing.settlement import service as settlement
from billing.settlement.errors import PayableReleased, PayableReversed
from core.problems import Conflict, NotFound
from tests import build
from tests.billing.books import Books


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


@dataclass
class Oracle:
    """Pockets of money, moved by hand."""

    pockets: Counter[str] = field(default_factory=Counter)
    orders: dict[str, tuple[str, str, int, int]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def top_up(self, buyer: str, amount: int) -> None:
        self.pockets[buyer] += amount

    def buy(self, order: str, buyer: str, supplier: str, net: int) -> bool:
        tax = half_up(Fraction(net * 6, 100))
        if self.pockets[buyer] < net + tax:
            return False
        self.pockets[buyer] -= net + tax
        self.pockets[f"hold {supplier}"] += net
        self.pockets["tax"] += tax
        self.orders[order], self.states[order] = (buyer, supplier, net, tax), "held"
        return True

    def release(self, order: str) -> str:
        if self.states.get(order) == "held":
            _, supplier, net, _ = self.orders[order]
            commission = half_up(Fraction(net, 10))
            self.pockets[f"hold {supplier}"] -= net
            self.pockets[f"free {supplier}"] += net - commission
            self.pockets["revenue"] += commission
            self.states[order] = "released"
        return self.states.get(order, "none")

    def refund(self, order: str) -> str:
        before = self.states.get(order, "none")
        if before == "held":
            buyer, supplier, net, tax = self.orders[order]
            self.pockets[f"hold {supplier}"] -= net
            self.pockets["tax"] -= tax
            self.pockets[buyer] += net + tax
            self.states[order] = "refunded"
        return before


class Walk:
    def __init__(self, books: Books, seed: int) -> None:
        self.books = books
        self.oracle = Oracle()
        self.dice = random.Random(seed)
        self.people = [str(build.organisation(books.house).organisation_id) for _ in range(3)]
        self.orders: list[str] = []
        self.steps = [self.top_up, self.reject, self.buy, self.buy, self.release, self.refund]

    def step(self) -> None:
        self.dice.choice(self.steps)()

    def amount(self) -> int:
        return self.dice.choice([1, 5, 8, 10, 25, 99, 1_000, self.dice.randrange(1, 10**6)])

    def an_order(self) -> str:
        return self.dice.choice([*self.orders, "ord_unknown"])

    def top_up(self) -> None:
        buyer, amount = self.dice.choice(self.people), self.amount()
        self.books.fund(buyer, amount)
        self.oracle.top_up(buyer, amount)

    def reject(self) -> None:
        topup = self.books.record(self.dice.choice(self.people), self.amount())
        confirmer = self.books.confirmer.actor
        self.books.house.db.write(lambda uow: payments.reject_topup(uow, confirmer, topup.id, reason="no"))

    def buy(self) -> None:
        buyer, supplier = self.dice.sample(self.people, 2)
        order, net = f"ord_{len(self.orders)}", self.amount()
        self.orders.append(order)
        try:
            invoice = self.books.charge(buyer, supplier, net, order)
        except BalanceTooLow:
            assert not self.oracle.buy(order, buyer, supplier, net)
        else:
            assert self.oracle.buy(order, buyer, supplier, net)
            assert (invoice.net, invoice.tax) == self.oracle.orders[order][2:]

    def release(self) -> None:
        order = self.an_order()
        expected = self.oracle.release(order)
        try:
            self.books.house.db.write(lambda uow: settlement.release(uow, order_id=order))
            assert expected == "released"
        except PayableReversed:
            assert expected == "refunded"
        except NotFound:
            assert expected == "none"

    def refund(self) -> None:
        order = self.an_order()
        expected = self.oracle.refund(order)
        try:
            self.books.house.db.write(lambda uow: invoices.refund(uow, order_id=order, reason="failed"))
            assert expected == "held"
        except PayableReleased:
            assert expected == "released"
        except NotFound:
            assert expected == "none"
        except Conflict:
            assert expected == "refunded"

    def compare(self) -> None:
        for person in self.people:
            assert self.books.balance(person) == self.oracle.pockets[person]
        finance = self.books.recorder.actor
        trial = self.books.house.db.read(lambda uow: ledger.trial_rows(uow, finance))
        rows = {row.kind: -row.balance for row in trial}
        pockets = self.oracle.pockets
        assert rows.get("tax_payable", 0) == pockets["tax"]
        assert rows.get("platform_revenue", 0) == pockets["revenue"]
        assert rows.get("supplier_on_hold", 0) == sum(pockets[f"hold {person}"] for person in self.people)
        assert rows.get("supplier_available", 0) == sum(pockets[f"free {person}"] for person in self.people)
        assert rows.get("buyer_receivable", 0) == 0
        assert -rows.get("bank_clearing", 0) == sum(pockets.values())
        assert self.books.faults() == []


@pytest.mark.parametrize("seed", range(4))
def test_a_walk_ends_where_the_oracle_says(books: Books, seed: int) -> None:
    walk = Walk(books, seed)
    for number in range(60):
        walk.step()
        if number % 15 == 0:
            walk.compare()
    walk.compare()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 108))
def test_long_walks(books: Books, seed: int) -> None:
    walk = Walk(books, seed)
    for _ in range(1_000):
        walk.step()
    walk.compare()


def test_a_release_is_repeated_without_effect(books: Books) -> None:
    buyer, supplier = (build.organisation(books.house) for _ in range(2))
    books.fund(str(buyer.organisation_id), 100_000)
    invoice = books.charge(str(buyer.organisation_id), str(supplier.organisation_id), 12_345)
    first = books.house.db.write(lambda uow: settlement.release(uow, order_id=invoice.order_id))
    again = books.house.db.write(lambda uow: settlement.release(uow, order_id=invoice.order_id))
    assert first == again
    assert (first.commission, first.share) == (1_235, 11_110)
    totals = books.house.db.read(lambda uow: settlement_queries.totals(uow, supplier.actor))
    assert (totals.on_hold, totals.available) == (0, 11_110)
    assert books.faults() == []
