"""Rating: what usage costs by a plan, a pure function in integers of 10⁻⁷ of the minor unit."""

from billing.rating.funding import capacity, is_bounded, most, needs_funding
from billing.rating.rules import (
    billable,
    billable_outcomes,
    difference,
    is_billed,
    quantity,
    rate,
    rate_quantity,
    total,
    unit_of,
)
from billing.rating.types import LineKind, Outcome, RatedLine, UsageCount
from billing.rating.windows import window_label

__all__ = [
    "LineKind",
    "Outcome",
    "RatedLine",
    "UsageCount",
    "billable",
    "billable_outcomes",
    "capacity",
    "difference",
    "is_billed",
    "is_bounded",
    "most",
    "needs_funding",
    "quantity",
    "rate",
    "rate_quantity",
    "total",
    "unit_of",
    "window_label",
]
