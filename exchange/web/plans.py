"""A price plan in words: the amount, its unit, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from billing.rating import billable_outcomes
from core import plans
from core.money import UNITS_PER_MINOR
from core.problems import Invalid
from core.speech import gettext
from core.speech import lazy_gettext as _l
from exchange.web.formats import money, number, unit_amount
from exchange.web.words import word

_UNITS = {
    plans.Unit.CALL: _l("call"), plans.Unit.HIT: _l("hit"), plans.Unit.RECORD: _l("record"),
    plans.Unit.BYTE: _l("byte"),
}  # fmt: skip
_COUNTED = {
    plans.Unit.CALL: _l("%(n)s calls"), plans.Unit.HIT: _l("%(n)s hits"), plans.Unit.RECORD: _l("%(n)s records"),
    plans.Unit.BYTE: _l("%(n)s bytes"),
}  # fmt: skip
_UNIT_OF = {
    plans.Kind.PER_CALL: plans.Unit.CALL, plans.Kind.PER_HIT: plans.Unit.HIT,
    plans.Kind.PER_RECORD: plans.Unit.RECORD, plans.Kind.PER_BYTE: plans.Unit.BYTE,
}  # fmt: skip
_PERIODS = {
    plans.Period.MONTH: _l("a month"), plans.Period.QUARTER: _l("a quarter"), plans.Period.YEAR: _l("a year"),
}  # fmt: skip


_EACH = {plans.Period.MONTH: _l("month"), plans.Period.QUARTER: _l("quarter"), plans.Period.YEAR: _l("year")}


@dataclass(frozen=True)
class PriceText:
    """The large line with its unit, the small one beneath it, and what more the plan says, each a sentence."""

    amount: str
    terms: str = ""
    unit: str = ""
    lines: tuple[str, ...] = ()


def describe(document: Mapping[str, Any] | None) -> PriceText:
    """How a plan reads on a page; a document we cannot read says so."""
    if not document:
        return PriceText(gettext("No price yet"))
    try:
        plan = plans.parse(document)
    except Invalid:
        return PriceText(gettext("Price on the listing"))
    return _said(plan)


def billed(document: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The outcomes that count under a plan; None for one that says nothing of calls."""
    try:
        plan = plans.parse(document)
    except Invalid:
        return None
    return tuple(map(str, billable_outcomes(plan)))


def _said(plan: plans.PricePlan) -> PriceText:
    currency, terms = str(plan.currency), word("plan", plan.kind)
    if plan.kind is plans.Kind.FREE:
        return PriceText(terms, gettext("no invoice"))
    if plan.kind is plans.Kind.PACKAGE and plan.amount is not None:
        return PriceText(money(plan.amount, currency), terms, _bought(plan), _package(plan))
    if plan.by_period and plan.amount is not None and plan.period is not None:
        lines = _subscription(plan) if plan.kind is plans.Kind.SUBSCRIPTION else _minimum(plan)
        return PriceText(money(plan.amount, currency), terms, str(_EACH[plan.period]), lines)
    if plan.steps is not None and plan.unit is not None:
        return PriceText(unit_amount(plan.steps[0].price, currency), terms, str(_UNITS[plan.unit]), _stepped(plan))
    if plan.price is not None:
        return PriceText(unit_amount(plan.price, currency), terms, _per(plan), _usage(plan))
    return PriceText(terms) if plan.amount is None else PriceText(money(plan.amount, currency), terms)


def _per(plan: plans.PricePlan) -> str:
    unit = _UNIT_OF[plan.kind]
    return str(_UNITS[unit]) if plan.per in (None, 1) else _many(unit, number(plan.per))


def _many(unit: plans.Unit, quantity: str) -> str:
    return str(_COUNTED[unit]) % {"n": quantity}


def _bought(plan: plans.PricePlan) -> str:
    quantity = number(plan.quantity)
    return _many(plan.unit, quantity) if plan.unit else quantity


def _usage(plan: plans.PricePlan) -> tuple[str, ...]:
    lines = [_billed(_UNIT_OF[plan.kind])]
    if plan.free_quota is not None and plan.period is not None:
        lines.append(gettext("%(n)s free %(period)s", n=number(plan.free_quota), period=_PERIODS[plan.period]))
    lines.append(gettext("Invoiced by the month; each line is rounded once, when the month closes."))
    return tuple(lines)


def _subscription(plan: plans.PricePlan) -> tuple[str, ...]:
    lines = [gettext("Paid in advance, at the beginning of each calendar period; a part of one costs its part.")]
    if plan.unit is None or plan.included is None:
        return (*lines, gettext("Every call is covered by the fee."))
    lines.append(gettext("%(units)s are included in each.", units=_many(plan.unit, number(plan.included))))
    if plan.overage is None:
        lines.append(gettext("Beyond them calls stop until the next period."))
    else:
        price = unit_amount(plan.overage, str(plan.currency))
        lines.append(gettext("Beyond them each costs %(price)s.", price=price))
    return (*lines, _billed(plan.unit))


def _minimum(plan: plans.PricePlan) -> tuple[str, ...]:
    """At least so much in each period; what is used stands first in its own words."""
    assert plan.usage is not None
    used = _said(plan.usage)
    said = gettext("Usage costs %(price)s / %(unit)s; what is missing to the minimum is added when its period is over.",
                   price=used.amount, unit=used.unit)  # fmt: skip
    return (str(said), *used.lines)


def _stepped(plan: plans.PricePlan) -> tuple[str, ...]:
    assert plan.unit is not None
    lines = [
        gettext("Each unit costs what its step does.")
        if plan.kind is plans.Kind.GRADUATED
        else gettext("All units of a period cost what the step does that their number falls into.")
    ]
    for step in plan.steps or ():
        price = unit_amount(step.price, str(plan.currency))
        if step.up_to is None:
            lines.append(gettext("beyond: %(price)s", price=price))
        else:
            lines.append(gettext("up to %(units)s: %(price)s", units=_many(plan.unit, number(step.up_to)), price=price))
    if plan.free_quota is not None and plan.period is not None:
        lines.append(gettext("%(n)s free %(period)s", n=number(plan.free_quota), period=_PERIODS[plan.period]))
    return (*map(str, lines), _billed(plan.unit))


def _package(plan: plans.PricePlan) -> tuple[str, ...]:
    lines = [_billed(plan.unit)] if plan.unit else []
    if plan.amount and plan.quantity:
        each, rest = divmod(plan.amount * UNITS_PER_MINOR, plan.quantity)
        said = unit_amount(each, str(plan.currency))
        unit = _UNITS[plan.unit] if plan.unit else ""
        lines.append(gettext("That is %(price)s a %(unit)s.", price=said if not rest else f"≈ {said}", unit=unit))
    if plan.valid_days is not None:
        lines.append(gettext("Valid for %(n)s days.", n=plan.valid_days))
    return (*lines, gettext("Paid once; when it is used up, calls stop."))


def _billed(unit: plans.Unit) -> str:
    """Which outcomes count, as rating has it."""
    if unit in (plans.Unit.HIT, plans.Unit.RECORD):
        said = gettext(
            "Only what is found counts. A miss, an upstream error, a call you break off and a refused one cost nothing."
        )
    else:
        said = gettext(
            "Every answer counts, hit or miss. An upstream error, a call you break off and a refused one cost nothing."
        )
    return str(said)
