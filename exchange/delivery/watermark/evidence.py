"""Weighing: how many times likelier a leak is if it came from one copy than if that copy had nothing to do with it.

The symbols of an innocent's copy are chance to whoever made the leak, so the expected value of this ratio is 1 for an
innocent, whatever was done to the file, and by Markov's inequality it reaches e to the power t with a chance of at most
e to the power -t. The ratio is a mean over several ways of leaking (part of the rows from elsewhere, part of the
symbols changed), each of which has that property, and so has the mean.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import product
from math import exp, log

from exchange.delivery.watermark.keys import symbols
from exchange.delivery.watermark.types import Carrier, Evidence

THRESHOLD = log(1e9)
"""An innocent is accused of a leak with a chance of at most one in a thousand million."""
_SHARES = (1.0, 0.5, 0.33, 0.1, 0.03)
_CHANGED = (0.02, 0.3, 0.65)
_LEAKS = tuple(product(_SHARES, _CHANGED))
_MOST_PER_TOKEN = 12.0

Observation = tuple[tuple[int, int], ...]
"""(place of the carrier, symbol read) of one leaked row."""
_Agreement = tuple[tuple[int, bool], ...]


def weigh(
    candidate: str,
    key: bytes,
    carriers: tuple[Carrier, ...],
    observed: Mapping[int, Sequence[Observation]],
    honeytokens: Iterable[float] = (),
) -> Evidence:
    """The evidence against one candidate; ``honeytokens`` are the weights of its made-up rows that were found."""
    patterns: Counter[tuple[_Agreement, ...]] = Counter()
    positions = agreeing = 0
    bases = [carrier.base for carrier in carriers]
    alone: Counter[tuple[tuple[int, ...], int]] = Counter()
    for row, seen in observed.items():
        expected = symbols(key, row, carriers)
        if len(seen) == 1:
            same, places = 0, []
            for place, symbol in seen[0]:
                same = 2 * same + (expected[place] == symbol)
                places.append(place)
            alone[tuple(places), same] += 1
            continue
        patterns[
            tuple(sorted(tuple((bases[place], expected[place] == symbol) for place, symbol in each) for each in seen))
        ] += 1
    for (found, same), times in alone.items():
        bits = [bool(same >> n & 1) for n in reversed(range(len(found)))]
        patterns[(tuple((bases[place], bit) for place, bit in zip(found, bits, strict=True)),)] += times
    for pattern, times in patterns.items():
        positions += times * sum(len(each) for each in pattern)
        agreeing += times * sum(bit for each in pattern for _, bit in each)
    scores = [0.0] * len(_LEAKS)
    for pattern, times in patterns.items():
        for n, factor in enumerate(_factors(pattern)):
            scores[n] += times * factor
    tokens = [min(_MOST_PER_TOKEN, weight) for weight in honeytokens if weight > 0]
    score = log_mean(scores) + sum(tokens)
    return Evidence(candidate, score, THRESHOLD, positions, agreeing, len(tokens))


@cache
def _factors(pattern: tuple[_Agreement, ...]) -> tuple[float, ...]:
    """For each way of leaking the logarithm of a row's ratio; of a row that stands there several times the mean's."""
    return tuple(log(sum(_ratio(each, share, changed) for each in pattern) / len(pattern)) for share, changed in _LEAKS)


def _ratio(agreement: _Agreement, share: float, changed: float) -> float:
    own = 1.0
    for base, same in agreement:
        own *= (1 - changed) * base if same else changed * base / (base - 1)
    return share * own + (1 - share)


def log_mean(logarithms: Sequence[float]) -> float:
    """The logarithm of the mean of what these are the logarithms of."""
    most = max(logarithms)
    return most + log(sum(exp(each - most) for each in logarithms) / len(logarithms))


def by_row(pairs: Iterable[tuple[int, Observation]]) -> dict[int, list[Observation]]:
    """Observations under the number of their original row."""
    found: defaultdict[int, list[Observation]] = defaultdict(list)
    for row, seen in pairs:
        if seen:
            found[row].append(seen)
    return dict(found)
