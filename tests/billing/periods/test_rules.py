"""What closes charge adds up to what all usage costs, however it came in and was told apart."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from billing import rating
from billing.invoices.rules import usage_lines
from billing.invoices.types import Usage
from billing.periods import rules
from billing.periods.rules import Window
from billing.periods.types import Count, Key, read_counts
from core import plans
from core.money import UNITS_PER_MINOR, Rounding
from core.plans import PricePlan

CNY: dict[str, Any] = {"version": 1, "currency": "CNY"}
PLANS = [
    plans.parse(document)
    for document in (
        CNY | {"kind": "per_hit", "price": "0.0028"},
        CNY | {"kind": "per_call", "price": "0.04", "per": 3},
        CNY | {"kind": "per_hit", "price": "0.0333333", "free_quota": 25, "period": "month"},
        CNY | {"kind": "per_byte", "price": "0.01", "per": 1024, "free_quota": 9_000, "period": "quarter"},
        CNY | {"kind": "graduated", "unit": "call",
               "steps": [{"up_to": 20, "price": "1.00"}, {"up_to": 60, "price": "0.0071"},
                         {"up_to": None, "price": "0"}]},
        CNY | {"kind": "volume", "unit": "hit",
               "steps": [{"up_to": 20, "price": "0.10"}, {"up_to": None, "price": "0.0305"}]},
        CNY | {"kind": "package", "amount": "50.00", "unit": "hit", "quantity": 40},
        CNY | {"kind": "subscription", "amount": "9.00", "period": "month", "unit": "call", "included": 30,
               "overage": "0.11"},
        CNY | {"kind": "minimum", "amount": "3.00", "period": "month",
               "usage": CNY | {"kind": "per_hit", "price": "0.04"}},
    )
]  # fmt: skip
BY_HASH = {plan.hash(): plan for plan in PLANS}
MONTHS = ["2026-10", "2026-11", "2026-12", "2027-01"]
KEYS = st.builds(
    Key, st.sampled_from(MONTHS), st.sampled_from("abc"), st.sampled_from(sorted(BY_HASH)),
    st.sampled_from(["hit", "miss", "upstream_error"]), st.sampled_from(["live", "live", "test"]), st.booleans(),
)  # fmt: skip
COUNTS = st.builds(Count, KEYS, st.integers(1, 40), st.integers(0, 90), st.integers(0, 900), st.integers(0, 9_000))
CLOSES = st.lists(st.lists(COUNTS, max_size=12), min_size=1, max_size=6)


def cost(plan: PricePlan, label: str, counts: list[Count]) -> int | None:
    """What all usage of a window costs at once; None when there was none."""
    mine = [c for c in counts if (BY_HASH[c.key.plan_hash], rating.window_label(plan, c.key.month)) == (plan, label)]
    return rating.total(rating.rate_metered(plan, rating.quantity(plan, [c.rated() for c in mine]))) if mine else None


@given(CLOSES)
def test_the_sum_of_all_closes_is_the_cost_of_all_usage(closes: list[list[Count]]) -> None:
    billed: dict[Window, int | None] = {}
    charged = 0
    for counts in closes:
        made = rules.charges(list(rules.added(counts).values()), BY_HASH, billed)
        billed |= {window: (billed.get(window) or 0) + units for window, units in made.units.items()}
        charged += made.amount
    every = [count for counts in closes for count in counts]
    labels = {(plan.hash(), rating.window_label(plan, month)) for plan in PLANS for month in MONTHS}
    assert charged == sum(cost(BY_HASH[plan_hash], label, every) or 0 for plan_hash, label in labels)
    for (plan_hash, label), units in billed.items():
        plan = BY_HASH[plan_hash]
        mine = [c for c in every if c.key.plan_hash == plan_hash and rating.window_label(plan, c.key.month) == label]
        assert units == rating.quantity(plan, [count.rated() for count in mine])


@given(st.lists(COUNTS, max_size=20), st.randoms(use_true_random=False))
def test_usage_that_is_credited_afterwards_comes_back_to_the_last_unit(counts: list[Count], chance: Any) -> None:
    first = list(rules.added(counts).values())
    made = rules.charges(first, BY_HASH, {})
    later = [
        Count(
            Key(c.key.month, c.key.operation, c.key.plan_hash, c.key.outcome, c.key.mode, True),
            c.calls, c.records, c.bytes_in, c.bytes_out,
        )
        if chance.random() < 0.5 else c
        for c in counts
    ]  # fmt: skip
    again = rules.charges(rules.difference(later, counts), BY_HASH, dict(made.units))
    assert made.amount + again.amount == rules.charges(list(rules.added(later).values()), BY_HASH, {}).amount


@given(st.lists(COUNTS, max_size=20))
def test_lines_tell_months_and_operations_apart_and_lose_nothing(counts: list[Count]) -> None:
    kept = list(rules.added(counts).values())
    made = rules.charges(kept, BY_HASH, {})
    for line in made.lines:
        assert (line.month, line.plan_hash) in {(c.key.month, c.key.plan_hash) for c in kept}
        assert line.operation == "" or line.operation in {c.key.operation for c in kept}
    for plan in PLANS[:2]:  # one price whatever else is called: an operation costs the same by itself
        for operation in "abc":
            mine = [c for c in kept if (c.key.plan_hash, c.key.operation) == (plan.hash(), operation)]
            lines = [line for line in made.lines if (line.plan_hash, line.operation) == (plan.hash(), operation)]
            alone = rules.charges(mine, BY_HASH, {}).amount
            assert abs(sum(line.rated.amount for line in lines) - alone) < len(MONTHS)


@given(st.lists(COUNTS, max_size=20))
def test_the_snapshot_is_the_same_in_any_order_and_is_read_back(counts: list[Count]) -> None:
    kept = list(rules.added(counts).values())
    text = rules.canonical(kept)
    assert text == rules.canonical(reversed(kept))
    assert list(read_counts(json.loads(text))) == sorted(kept, key=lambda count: count.key)
    assert rules.difference(kept, kept) == []


@given(st.integers(-(10**17), 10**17), st.sampled_from(Rounding), st.integers(0, 3_000))
def test_a_line_is_rounded_once_and_taxed_after(amount: int, rounding: Rounding, rate_bp: int) -> None:
    """lago-api #821, #4273: tax off by one, and totals below zero."""
    usage = Usage("2026-11", "a", "0" * 64, "usage", "hit", 2_800_000, 1, amount)
    (line,) = usage_lines("lst_a", [(usage, 1)], "CNY", rate_bp, rounding)
    assert abs(line.net - Fraction(amount, UNITS_PER_MINOR)) <= Fraction(1, 2)
    assert abs(line.tax - Fraction(line.net * rate_bp, 10_000)) <= Fraction(1, 2)
    assert line.gross == line.net + line.tax
    assert (line.net <= 0 and line.tax <= 0) if amount < 0 else (line.net >= 0 and line.tax >= 0)


def test_the_profile_decides_half_a_cent() -> None:
    half = Usage("2026-11", "a", "0" * 64, "usage", "hit", 1, 1, 25 * UNITS_PER_MINOR // 10)
    nets = {rule: usage_lines("lst_a", [(half, 1)], "CNY", 0, rule)[0].net for rule in Rounding}
    assert nets == {Rounding.HALF_UP: 3, Rounding.HALF_EVEN: 2}
