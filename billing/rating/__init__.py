"""Rating: what usage costs by a plan, a pure function in integers of 10⁻⁷ of the minor unit."""

from billing.rating.funding import capacity, is_bounded, most, needs_funding
from billing.rating.proration import Part, fee_of, part_of, units_of, unused
from billing.rating.rules import (
    billable,
    billable_outcomes,
    difference,
    fee,
    is_billed,
    quantity,
    rate,
    rate_metered,
    rate_quantity,
    total,
    unit_of,
)
from billing.rating.types import LineKind, Outcome, RatedLine, UsageCount
from billing.rating.windows import window_label, window_of

__all__ = [
    "LineKind",
    "Outcome",
    "Part",
    "RatedLine",
    "UsageCount",
    "billable",
    "billable_outcomes",
    "capacity",
    "difference",
    "fee",
    "fee_of",
    "is_billed",
    "is_bounded",
    "most",
    "needs_funding",
    "part_of",
    "quantity",
    "rate",
    "rate_metered",
    "rate_quantity",
    "total",
    "unit_of",
    "units_of",
    "unused",
    "window_label",
    "window_of",
]
