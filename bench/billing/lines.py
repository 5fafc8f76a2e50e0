"""Rating: usage by each kind of plan into lines of exact integers, beside the same by Python's decimals."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from random import Random

from bench.billing.figures import measured, show
from bench.billing.market import PLANS
from billing import rating
from billing.rating import UsageCount
from core import plans

_LEAST = Decimal("0.000000001")
"""10⁻⁷ of a fen, in yuan."""


def rate(calls: int, seed: int) -> list[str]:
    """So many lines of each kind; answers where decimals come to something else."""
    chance = Random(seed)
    counts = [UsageCount("hit", calls=chance.randrange(1, 5_000), bytes_out=9, records=3) for _ in range(calls)]
    price, plan = Decimal(PLANS[0]["price"]), plans.parse(PLANS[0])
    with measured(calls) as theirs:
        decimals = [(each.calls * price).quantize(_LEAST, ROUND_DOWN) for each in counts]
    show("rating", "one price a hit, Python's decimals, sums only", "lines", theirs)
    with measured() as ours:
        lines = [line for each in counts for line in rating.rate(plan, [each])]
        ours.units = len(lines)
    show("rating", "one price a hit, whole lines", "lines", ours, theirs)
    for document in PLANS[1:]:
        other = plans.parse(document)
        with measured() as took:
            took.units = sum(len(rating.rate(other, [each])) for each in counts)
        show("rating", f"{other.kind}", "lines", took)
    exact = int(sum(decimals) / _LEAST)
    return [] if exact == rating.total(lines) else [f"rating: {rating.total(lines)}, by decimals {exact}"]
