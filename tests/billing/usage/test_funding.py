"""Money is held for calls before they are made, exactly, and never more is given out than there is."""

from __future__ import annotations

import pytest

from billing.ledger import queries as ledger
from tests.billing.books import Books
from tests.billing.usage.metering import Meter, meter


def held(one: Meter) -> int:
    return one.house.db.read(lambda uow: ledger.balance(uow, one.right.organisation_id).held)


def test_what_calls_can_cost_is_held_with_tax_and_released_exactly(books: Books) -> None:
    one = meter(books)
    assert one.fund(100) == 100
    assert held(one) == 424  # 100 × ¥0.04 and 6 %
    one.load(one.records(30) + one.records(20, "miss"))
    assert held(one) == 424, "70 are out, 30 were used"
    assert one.unfund(70) == 70
    assert held(one) == 127
    assert one.unfund(1) == 0
    assert books.faults() == []


@pytest.mark.parametrize(("balance", "given"), [(0, 0), (3, 0), (4, 1), (424, 100), (425, 100), (100_000, 1_000)])
def test_no_more_is_given_out_than_the_balance_covers(books: Books, balance: int, given: int) -> None:
    one = meter(books, balance=balance)
    assert one.fund(1_000) == given
    assert one.fund(1_000) == (0 if balance < 100_000 else 1_000)
    assert held(one) <= balance
