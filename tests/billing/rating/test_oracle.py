"""A sample of the bench's random cases: rating, tax, parts of periods, coupons and lines against exact rationals."""

from __future__ import annotations

import pytest

from bench import oracle_rating


@pytest.mark.parametrize("seed", range(3))
def test_nothing_differs_from_the_oracle(seed: int) -> None:
    made, wrong = oracle_rating.run(2_000, seed)
    assert wrong == []
    assert set(made) == {"rated", "taxed", "parted", "returned", "taken_off", "lined"}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3, 8))
def test_nothing_differs_in_many_cases(seed: int) -> None:
    assert oracle_rating.run(100_000, seed)[1] == []
