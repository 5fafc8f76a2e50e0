"""Figures of a table with noise: what one row more or less changes is hidden in it.

Each column spends a budget (epsilon) of 1, shared evenly between its count of empty cells, its number of different
values and its histogram; the noise of each figure is a two-sided geometric one, the Laplace distribution of whole
numbers. It is drawn from a secret seed, the same for one revision: who asks again averages nothing out.
"""

from __future__ import annotations

import hashlib
import math
import random

from catalog.profiles.types import ColumnProfile, Profile

EPSILON = 1.0
_FIGURES = 3
_CHANGED_BY_A_ROW = 1


def columns(profile: Profile, seed: bytes) -> tuple[ColumnProfile, ...]:
    """The columns without bounds, their counts with noise; never below nothing, nor above what there is."""
    return tuple(_noisy(profile, place, seed) for place in range(len(profile.columns)))


def _noisy(profile: Profile, place: int, seed: bytes) -> ColumnProfile:
    column = profile.columns[place]
    chance = random.Random(hashlib.sha256(seed + place.to_bytes(4)).digest())

    def told(figure: int) -> int:
        return min(profile.rows, max(0, figure + laplace(chance, EPSILON / _FIGURES / _CHANGED_BY_A_ROW)))

    return ColumnProfile(
        name=column.name, type=column.type, nulls=told(column.nulls),
        distinct=None if column.distinct is None else told(column.distinct), minimum=None, maximum=None,
        histogram=tuple(told(count) for count in column.histogram),
    )  # fmt: skip


def laplace(chance: random.Random, epsilon: float) -> int:
    """A whole number with the two-sided geometric distribution of parameter exp(-epsilon)."""
    return _geometric(chance, epsilon) - _geometric(chance, epsilon)


def _geometric(chance: random.Random, epsilon: float) -> int:
    return math.floor(math.log(1.0 - chance.random()) / -epsilon)
