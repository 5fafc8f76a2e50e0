"""What calls can cost before they are made: how much must be held for them."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rating.rules import rate_quantity, total, unit_of
from core.plans import Kind, PricePlan, Unit

_NOTHING = frozenset({Kind.FREE, Kind.ONE_OFF, Kind.NEGOTIATED})
_RESERVED_UNITS = {Unit.RECORD: 100, Unit.BYTE: 1 << 20}
"""What is held for one call by a plan whose units an answer tells only afterwards."""


def needs_funding(plan: PricePlan) -> bool:
    """Whether calls cost money or units of something bought."""
    return plan.kind not in _NOTHING and unit_of(plan) is not None


def capacity(plan: PricePlan) -> int | None:
    """The units after which there are none for any money; None when more can always be paid for."""
    if plan.kind is Kind.PACKAGE:
        return plan.quantity
    return plan.included if plan.kind is Kind.SUBSCRIPTION and plan.overage is None else None


def units_of_calls(plan: PricePlan, calls: int) -> int:
    """The units that so many calls reserve. Exact for calls and hits; a stated share for records and bytes."""
    unit = unit_of(plan)
    return calls * _RESERVED_UNITS.get(unit, 1) if unit else 0


def most(plan: PricePlan, first: int, last: int) -> int:
    """The most that any number of units from ``first`` to ``last`` costs. Raises ValueError when there is none."""
    return max(total(rate_quantity(plan, units)) for units in _turns(plan, first, last))


def reserve_price(plan: PricePlan) -> int:
    """The most that one billable call can cost by itself, in 10⁻⁷ of the minor unit."""
    one = units_of_calls(plan, 1)
    starts = {0, plan.included or 0, *(up for up in _bounds(plan)), *(max(0, up - one) for up in _bounds(plan))}
    paid = [start for start in starts if needs_funding(plan)]
    price = max((most(plan, start, start + one) - total(rate_quantity(plan, start)) for start in paid), default=0)
    return max(price, max((step.price * one for step in _usage(plan).steps or ()), default=0), _unit_price(plan, one))


def _unit_price(plan: PricePlan, units: int) -> int:
    usage = _usage(plan)
    return -(-units * (usage.price or usage.overage or 0) // (usage.per or 1))


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
