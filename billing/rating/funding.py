"""What calls can cost before they are made: how much must be held for them."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rating.rules import rate_quantity, total, unit_of
from core.plans import Kind, PricePlan, Unit

_NOTHING = frozenset({Kind.FREE, Kind.ONE_OFF, Kind.NEGOTIATED})
_ONE_A_CALL = frozenset({Unit.CALL, Unit.HIT})


def needs_funding(plan: PricePlan) -> bool:
    """Whether calls cost money or units of something bought."""
    return plan.kind not in _NOTHING and unit_of(plan) is not None


def is_bounded(plan: PricePlan) -> bool:
    """Whether a call counts one unit at most. How many records or bytes it counts, its answer tells only afterwards."""
    return unit_of(plan) in _ONE_A_CALL


def capacity(plan: PricePlan) -> int | None:
    """The units after which there are none for any money; None when more can always be paid for."""
    if plan.kind is Kind.PACKAGE:
        return plan.quantity
    return plan.included if plan.kind is Kind.SUBSCRIPTION and plan.overage is None else None


def most(plan: PricePlan, first: int, last: int) -> int:
    """The most that any number of units from ``first`` to ``last`` costs. Raises ValueError when there is none."""
    return max(total(rate_quantity(plan, units)) for units in _turns(plan, first, last))


def _usage(plan: PricePlan) -> PricePlan:
    return plan.usage or plan


def _bounds(plan: PricePlan) -> Iterator[int]:
    """The numbers of units at which the price of a unit changes."""
    usage = _usage(plan)
    free = usage.free_quota or 0
    yield free
    yield from (free + step.up_to for step in usage.steps or () if step.up_to is not None)


def _turns(plan: PricePlan, first: int, last: int) -> Iterator[int]:
    """Where a total may be largest: at the end, or where a price by volume falls."""
    if not 0 <= first <= last:
        raise ValueError("a range of units begins before it ends")
    yield first
    yield last
    if _usage(plan).kind is Kind.VOLUME:
        yield from (bound for bound in _bounds(plan) if first < bound < last)
