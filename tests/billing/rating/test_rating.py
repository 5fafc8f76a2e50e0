"""Rating against an oracle of fractions: exact, whatever the kind, however the usage came in."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import rating
from billing.rating import LineKind, UsageCount
from core import plans
from core.money import Rounding, round_units
from tests.billing.rating import oracle
from tests.billing.rating.plans import any_plan, by_usage

_UNITS = 10_000_000
quantities = st.integers(0, 10_000)
calls = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["hit", "miss", "upstream_error", "client_abort", "refused"]),
        "mode": st.sampled_from(["live", "live", "test"]), "credited": st.sampled_from([False, False, True]),
        "records": st.integers(0, 50), "bytes_out": st.integers(0, 3_000),
    }
)  # fmt: skip


def count_of(call: Mapping[str, Any]) -> UsageCount:
    return UsageCount(call["outcome"], call["mode"], call["credited"], 1, call["bytes_out"], call["records"])


def added(one: UsageCount, other: UsageCount) -> UsageCount:
    return UsageCount(
        one.outcome, one.mode, one.credited, one.calls + other.calls, one.bytes_out + other.bytes_out,
        one.records + other.records,
    )  # fmt: skip


@given(any_plan, quantities)
def test_the_total_is_the_oracles_cut_below_the_last_unit(document: dict[str, Any], units: int) -> None:
    total = rating.total(rating.rate_quantity(plans.parse(document), units))
    exact = oracle.cost(document, units) * _UNITS
    assert total == exact.numerator // exact.denominator
    if "per" not in document.get("usage", document):
        assert total == exact, "nothing is cut without a price for several units"


@given(any_plan, st.lists(calls, max_size=40), st.randoms())
def test_how_usage_is_cut_into_batches_changes_nothing(
    document: dict[str, Any], made: list[dict[str, Any]], chance: Any
) -> None:
    plan = plans.parse(document)
    singly = [count_of(call) for call in made]
    summed: dict[tuple[str, str, bool], UsageCount] = {}
    for count in singly:
        key = (count.outcome, count.mode, count.credited)
        summed[key] = added(summed[key], count) if key in summed else count
    shuffled = chance.sample(singly, len(singly))
    expected = rating.rate_quantity(plan, oracle.units_of(document, made))
    assert rating.rate(plan, singly) == rating.rate(plan, shuffled) == rating.rate(plan, summed.values()) == expected


@given(any_plan, quantities, quantities)
def test_more_usage_never_costs_less_but_by_volume(document: dict[str, Any], one: int, other: int) -> None:
    plan = plans.parse(document)
    less, more = sorted((one, other))
    cheap, dear = (rating.total(rating.rate_quantity(plan, units)) for units in (less, more))
    assert cheap <= dear or "volume" in (document["kind"], document.get("usage", {}).get("kind"))
    assert dear - cheap <= rating.most(plan, less, more) - cheap


@given(any_plan, quantities)
def test_lines_are_quantities_at_prices(document: dict[str, Any], units: int) -> None:
    lines = rating.rate_quantity(plans.parse(document), units)
    used = [line for line in lines if line.kind not in (LineKind.FEE, LineKind.MINIMUM)]
    assert sum(line.quantity for line in used) == units
    for line in lines:
        assert line.amount == line.quantity * line.price // line.per
        assert line.quantity > 0


@given(any_plan, quantities, quantities)
def test_what_changed_between_two_ratings_sums_to_what_the_totals_did(
    document: dict[str, Any], one: int, other: int
) -> None:
    plan = plans.parse(document)
    before, after = rating.rate_quantity(plan, one), rating.rate_quantity(plan, other)
    changed = rating.difference(before, after)
    assert rating.total(changed) == rating.total(after) - rating.total(before)
    assert rating.difference(after, after) == []


@given(by_usage, st.integers(0, 6_000), st.integers(0, 400))
def test_the_most_that_a_range_costs_is_the_most_of_its_every_number(
    document: dict[str, Any], first: int, width: int
) -> None:
    plan = plans.parse(document)
    every = max(rating.total(rating.rate_quantity(plan, units)) for units in range(first, first + width + 1))
    assert rating.most(plan, first, first + width) == every


@given(any_plan, st.lists(calls, max_size=10))
def test_a_call_of_a_bounded_plan_counts_one_unit_at_most(document: dict[str, Any], made: list[dict[str, Any]]) -> None:
    plan = plans.parse(document)
    units = [rating.quantity(plan, [count_of(call)]) for call in made]
    assert not rating.is_bounded(plan) or max(units, default=0) <= 1
    assert rating.is_bounded(plan) is (rating.unit_of(plan) in ("call", "hit"))


STEPS = [{"up_to": 100, "price": "0.10"}, {"up_to": 1_000, "price": "0.05"}, {"up_to": None, "price": "0.01"}]


@pytest.mark.parametrize(
    ("units", "graduated", "volume"),
    [
        (0, "0", "0"), (1, "0.10", "0.10"), (99, "9.90", "9.90"), (100, "10.00", "10.00"), (101, "10.05", "5.05"),
        (999, "54.95", "49.95"), (1_000, "55.00", "50.00"), (1_001, "55.01", "10.01"), (10**9, "10000045", "10000000"),
    ],
)  # fmt: skip
def test_steps_at_their_boundaries(units: int, graduated: str, volume: str) -> None:
    for kind, expected in (("graduated", graduated), ("volume", volume)):
        document = {"version": 1, "kind": kind, "currency": "CNY", "unit": "hit", "steps": STEPS}
        lines = rating.rate_quantity(plans.parse(document), units)
        assert rating.total(lines) == Fraction(expected) * 100 * _UNITS


def test_free_units_come_first_and_do_not_count_towards_steps() -> None:
    document = {
        "version": 1, "kind": "graduated", "currency": "CNY", "unit": "hit", "steps": STEPS, "free_quota": 50,
        "period": "month",
    }  # fmt: skip
    lines = rating.rate_quantity(plans.parse(document), 151)
    assert [(line.kind, line.quantity) for line in lines] == [("free", 50), ("step", 100), ("step", 1)]


def test_a_million_calls_at_a_fraction_of_a_fen() -> None:
    plan = plans.parse({"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.0028"})
    parts = [UsageCount("hit", calls=1)] * 1_000 + [UsageCount("hit", calls=333)] * 3_000
    total = rating.total(rating.rate(plan, parts))
    assert total == 280_000 * _UNITS == sum(rating.total(rating.rate(plan, [part])) for part in parts)
    assert round_units(total, Rounding.HALF_UP) == 280_000


@pytest.mark.parametrize(
    ("kind", "outcomes"),
    [
        ("per_call", {"hit", "miss"}), ("per_hit", {"hit"}), ("per_record", {"hit"}),
        ("per_byte", {"hit", "miss", "client_abort"}),
    ],
)  # fmt: skip
def test_which_outcomes_are_billed(kind: str, outcomes: set[str]) -> None:
    plan = plans.parse({"version": 1, "kind": kind, "currency": "CNY", "price": "0.04"})
    for outcome in rating.Outcome:
        assert rating.billable(plan, outcome, "live") == (outcome in outcomes)
        assert not rating.billable(plan, outcome, "test"), "calls with test keys are metered, never billed"
    assert set(rating.billable_outcomes(plan)) == outcomes


@pytest.mark.parametrize(
    ("document", "label"),
    [
        ({"kind": "per_hit", "currency": "CNY", "price": "1.00"}, "2026-11"),
        ({"kind": "per_hit", "currency": "CNY", "price": "1.00", "free_quota": 1, "period": "month"}, "2026-11"),
        ({"kind": "per_hit", "currency": "CNY", "price": "1.00", "free_quota": 1, "period": "quarter"}, "2026-Q4"),
        ({"kind": "per_hit", "currency": "CNY", "price": "1.00", "free_quota": 1, "period": "year"}, "2026"),
        ({"kind": "package", "currency": "CNY", "amount": "50.00", "unit": "hit", "quantity": 10}, "life"),
    ],
)
def test_a_plan_counts_in_the_window_of_its_own_period(document: dict[str, Any], label: str) -> None:
    assert rating.window_label(plans.parse({"version": 1} | document), "2026-11") == label


def test_a_package_counts_its_units_and_costs_nothing_more() -> None:
    plan = plans.parse(
        {"version": 1, "kind": "package", "currency": "CNY", "amount": "50.00", "unit": "call", "quantity": 10_000}
    )
    assert (rating.capacity(plan), rating.needs_funding(plan), rating.is_bounded(plan)) == (10_000, True, True)
    lines = rating.rate_quantity(plan, 10_003)
    assert [(line.kind, line.quantity, line.amount) for line in lines] == [("package", 10_000, 0), ("beyond", 3, 0)]


def test_what_costs_nothing_needs_no_funding() -> None:
    for document in (plans.free(), plans.negotiated(), plans.one_off("1.00", "CNY")):
        plan = plans.parse(document)
        assert (rating.needs_funding(plan), rating.billable_outcomes(plan)) == (False, ())
