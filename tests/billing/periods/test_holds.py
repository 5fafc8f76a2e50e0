"""What is held for usage is never less than what its invoice takes, however many lines that has."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import rating
from billing.periods import rules
from billing.periods.rules import Window
from billing.periods.types import Count
from billing.usage.holding import Tax
from core.money import Rounding, round_together
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait
from tests.billing.periods.test_rules import BY_HASH, CLOSES

HALF_A_CENT = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.005"}
PROFILES = st.sampled_from([("cn", Rounding.HALF_UP), ("eu", Rounding.HALF_EVEN)])


def units_of(counts: list[Count]) -> dict[Window, int]:
    units: dict[Window, int] = {}
    for count in counts:
        plan = BY_HASH[count.key.plan_hash]
        window = (count.key.plan_hash, rating.window_label(plan, count.key.month))
        units[window] = units.get(window, 0) + rating.quantity(plan, [count.rated()])
    return units


def cost(window: Window, units: int | None) -> int:
    return 0 if units is None else rating.total(rating.rate_metered(BY_HASH[window[0]], units))


def closed(closes: list[list[Count]]) -> Iterator[tuple[list[Count], dict[Window, int | None]]]:
    """Each close's counts, and what was billed of each window before it."""
    billed: dict[Window, int | None] = {}
    for counts in closes:
        kept = list(rules.added(counts).values())
        yield kept, dict(billed)
        for window, more in units_of(kept).items():
            billed[window] = (billed.get(window) or 0) + more


@given(CLOSES, PROFILES, st.integers(0, 3_000))
def test_an_invoice_takes_no_more_than_its_windows_hold(
    closes: list[list[Count]], profile: tuple[str, Rounding], rate_bp: int
) -> None:
    tax = Tax(rate_bp, profile[0])
    for counts, billed in closed(closes):
        made = rules.charges(counts, BY_HASH, billed)
        lines = rules.lines(made, "lst_a", "CNY", rate_bp, profile[1])
        held = sum(
            tax.gross(cost(window, (billed.get(window) or 0) + more) - cost(window, billed.get(window)))
            for window, more in units_of(counts).items()
        )
        assert sum(line.gross for line in lines) <= held
        assert [line.quantity for line in lines] == [each.rated.quantity for each in made.lines if each.rated.amount]


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=30), st.integers(1, 10**7), st.sampled_from(Rounding)
)
def test_rounded_together_each_is_a_neighbour_and_the_sum_is_the_rules(
    parts: list[int], denominator: int, rounding: Rounding
) -> None:
    rounded = round_together(parts, denominator, rounding)
    assert all(abs(whole - Fraction(part, denominator)) < 1 for whole, part in zip(rounded, parts, strict=True))
    assert [sum(rounded)] == round_together([sum(parts)], denominator, rounding)
    assert abs(sum(rounded) - Fraction(sum(parts), denominator)) <= Fraction(1, 2)


@pytest.mark.parametrize(("operations", "net"), [(1, 1), (2, 1), (3, 2), (5, 3), (40, 20)])
def test_a_balance_that_covers_the_hold_covers_the_invoice(books: Books, operations: int, net: int) -> None:
    """A call at half a cent on each of several operations: a line each, and no cent more than was held."""
    gross = Tax(600, "cn").gross(net * 10_000_000)
    sale = Sale(books, HALF_A_CENT, balance=gross)
    assert sale.meter.fund(operations) == operations
    for number in range(operations):
        sale.call(1, operation=f"op{number:02}")
    assert sale.balance().held == gross
    wait(books.house)
    sale.close()
    (invoice,) = sale.invoices()
    assert (len(invoice.lines), invoice.net, invoice.gross) == (operations, net, gross)
    assert (sale.balance().balance, sale.balance().held, sale.owed()) == (0, 0, 0)
    assert books.faults() == []


def test_what_was_credited_in_the_same_window_takes_nothing_that_is_not_held(books: Books) -> None:
    """Of a year's window more was credited than was called since: no part of it is charged; later all of it counts."""
    yearly: dict[str, Any] = HALF_A_CENT | {"price": "1.00", "free_quota": 1, "period": "year"}
    wait(books.house, 60)  # it is early in a year
    sale = Sale(books, yearly, balance=2_000)
    records = sale.records(11)
    sale.load(records)
    wait(books.house)
    sale.close()
    assert (sale.balance().balance, len(sale.invoices())) == (940, 1)
    sale.credit(records[:6])
    sale.call(2)
    wait(books.house)
    (period,) = sale.close()
    assert (period.invoice_id, sale.balance().balance) == (None, 940)
    sale.call(10)
    wait(books.house)
    sale.close()
    first, second = sale.invoices()
    assert (first.net, second.net, second.gross) == (1_000, 600, 636)
    assert (sale.balance().balance, sale.balance().held) == (940 - 636, 0)
    assert books.faults() == []
