"""Usage and plan in, lines out.

The price of usage is a function of how much there was in a *window* (the plan's own period), so it does not
matter how the usage came in. Free units come first and do not count towards steps. A price for each ``per``
units is paid for the exact part of them, cut below 10⁻⁷ of the minor unit.
"""

from __future__ import annotations

from collections.abc import Iterable

from billing.rating.types import LIVE, LineKind, Outcome, RatedLine, UsageCount
from core.money import UNITS_PER_MINOR
from core.plans import Kind, PricePlan, Unit

_UNIT_OF_KIND = {
    Kind.PER_CALL: Unit.CALL, Kind.PER_HIT: Unit.HIT, Kind.PER_RECORD: Unit.RECORD, Kind.PER_BYTE: Unit.BYTE,
}  # fmt: skip
_ANSWERED = (Outcome.HIT, Outcome.MISS)
_OUTCOMES_OF_UNIT = {
    Unit.CALL: _ANSWERED, Unit.HIT: (Outcome.HIT,), Unit.RECORD: (Outcome.HIT,),
    Unit.BYTE: (*_ANSWERED, Outcome.CLIENT_ABORT),
}  # fmt: skip


def unit_of(plan: PricePlan) -> Unit | None:
    """What a plan counts; None for one that counts nothing."""
    if plan.usage is not None:
        return unit_of(plan.usage)
    return _UNIT_OF_KIND.get(plan.kind, plan.unit)


def billable_outcomes(plan: PricePlan) -> tuple[Outcome, ...]:
    """The outcomes that count: an answer, or for hits and records only one that found something.

    Bytes count as far as they left, also when the client broke off.
    """
    unit = unit_of(plan)
    return _OUTCOMES_OF_UNIT[unit] if unit else ()


def billable(plan: PricePlan, outcome: str, mode: str) -> bool:
    """Whether a call counts. Calls with test keys never do."""
    return mode == LIVE and outcome in billable_outcomes(plan)


def is_billed(plan: PricePlan, count: UsageCount) -> bool:
    """Whether these calls count: of a billable outcome, with a live key, and delivered."""
    return not count.credited and billable(plan, count.outcome, count.mode)


def quantity(plan: PricePlan, counts: Iterable[UsageCount]) -> int:
    """The units that count, in the plan's own unit; bytes are those of the answers."""
    unit = unit_of(plan)
    counted = (each for each in counts if is_billed(plan, each))
    if unit is Unit.RECORD:
        return sum(each.records for each in counted)
    if unit is Unit.BYTE:
        return sum(each.bytes_out for each in counted)
    return sum(each.calls for each in counted)


def rate(plan: PricePlan, counts: Iterable[UsageCount]) -> list[RatedLine]:
    """The lines of one window's usage. A minimum is there also without any usage."""
    return rate_quantity(plan, quantity(plan, counts))


def rate_quantity(plan: PricePlan, units: int) -> list[RatedLine]:
    """The lines of so many units in one window. Raises ValueError for fewer than none."""
    if units < 0:
        raise ValueError("usage is not negative")
    return _RATERS[plan.kind](plan, units)


def rate_metered(plan: PricePlan, units: int) -> list[RatedLine]:
    """What is invoiced of so many units as they are used: of a minimum only its usage, what is missing to it comes
    when its period is over.
    """
    return rate_quantity(plan.usage or plan, units)


def total(lines: Iterable[RatedLine]) -> int:
    """The sum in 10⁻⁷ of the minor unit: unrounded, to be rounded once by the invoice."""
    return sum(line.amount for line in lines)


def difference(before: Iterable[RatedLine], after: Iterable[RatedLine]) -> list[RatedLine]:
    """What the lines of a window have changed by since it was rated with less usage; sums to what the totals did."""
    kinds: dict[tuple[LineKind, str | None, int, int], list[int]] = {}
    for sign, lines in ((1, after), (-1, before)):
        for line in lines:
            at_price = 0 if line.kind is LineKind.MINIMUM else line.price
            changed = kinds.setdefault((line.kind, line.unit, at_price, line.per), [0, 0])
            changed[0] += sign * line.quantity
            changed[1] += sign * line.amount
    return [
        RatedLine(kind, quantity, unit, price or amount, per, amount)
        for (kind, unit, price, per), (quantity, amount) in kinds.items()
        if quantity or amount
    ]


def _line(kind: LineKind, plan: PricePlan, units: int, price: int = 0, per: int = 1) -> RatedLine:
    unit = unit_of(plan)
    return RatedLine(kind, units, str(unit) if unit else None, price, per, units * price // per)


def fee(plan: PricePlan) -> list[RatedLine]:
    """The line of a whole period's fee, or of what is bought in advance; none when there is neither."""
    if plan.amount is None or plan.kind is Kind.MINIMUM:
        return []
    return [RatedLine(LineKind.FEE, 1, None, plan.amount * UNITS_PER_MINOR, 1, plan.amount * UNITS_PER_MINOR)]


def _without_empty(lines: Iterable[RatedLine]) -> list[RatedLine]:
    return [line for line in lines if line.quantity]


def _nothing(plan: PricePlan, units: int) -> list[RatedLine]:
    return _without_empty([_line(LineKind.FREE, plan, units)])


def _by_unit(plan: PricePlan, units: int) -> list[RatedLine]:
    free = min(units, plan.free_quota or 0)
    paid = _line(LineKind.USAGE, plan, units - free, plan.price or 0, plan.per or 1)
    return _without_empty([_line(LineKind.FREE, plan, free), paid])


def _graduated(plan: PricePlan, units: int) -> list[RatedLine]:
    free = min(units, plan.free_quota or 0)
    lines, left, before = [_line(LineKind.FREE, plan, free)], units - free, 0
    for step in plan.steps or ():
        here = left if step.up_to is None else min(left, step.up_to - before)
        lines.append(_line(LineKind.STEP, plan, here, step.price))
        left, before = left - here, step.up_to or before
    return _without_empty(lines)


def _volume(plan: PricePlan, units: int) -> list[RatedLine]:
    free = min(units, plan.free_quota or 0)
    paid = units - free
    price = next(step.price for step in plan.steps or () if step.up_to is None or paid <= step.up_to)
    return _without_empty([_line(LineKind.FREE, plan, free), _line(LineKind.STEP, plan, paid, price)])


def _package(plan: PricePlan, units: int) -> list[RatedLine]:
    inside = min(units, plan.quantity or 0)
    return _without_empty(
        [_line(LineKind.PACKAGE, plan, inside), _line(LineKind.BEYOND, plan, units - inside)],
    )


def _subscription(plan: PricePlan, units: int) -> list[RatedLine]:
    """What is used beyond the fee, which is paid in advance and not by usage."""
    inside = units if plan.included is None else min(units, plan.included)
    beyond = LineKind.BEYOND if plan.overage is None else LineKind.OVERAGE
    used = [_line(LineKind.INCLUDED, plan, inside), _line(beyond, plan, units - inside, plan.overage or 0)]
    return _without_empty(used)


def _minimum(plan: PricePlan, units: int) -> list[RatedLine]:
    assert plan.usage is not None
    lines = rate_quantity(plan.usage, units)
    missing = (plan.amount or 0) * UNITS_PER_MINOR - total(lines)
    return [*lines, RatedLine(LineKind.MINIMUM, 1, None, missing, 1, missing)] if missing > 0 else lines


_RATERS = {
    Kind.FREE: _nothing,
    Kind.ONE_OFF: _nothing,
    Kind.NEGOTIATED: _nothing,
    Kind.PER_CALL: _by_unit,
    Kind.PER_HIT: _by_unit,
    Kind.PER_RECORD: _by_unit,
    Kind.PER_BYTE: _by_unit,
    Kind.GRADUATED: _graduated,
    Kind.VOLUME: _volume,
    Kind.PACKAGE: _package,
    Kind.SUBSCRIPTION: _subscription,
    Kind.MINIMUM: _minimum,
}
