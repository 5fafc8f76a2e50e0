"""Rating: what usage costs by a plan, a pure function in integers of 10⁻⁷ of the minor unit."""

from billing.rating.funding import capacity, most, needs_funding, reserve_price, units_of_calls
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
    "most",
    "needs_funding",
    "quantity",
    "rate",
    "rate_quantity",
    "reserve_price",
    "total",
    "unit_of",
    "units_of_calls",
    "window_label",
]
