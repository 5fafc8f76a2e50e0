"""A price plan in words: the amount, its unit, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from billing.rating import billable_outcomes
from core import plans
from core.money import UNITS_PER_MINOR
from core.problems import Invalid
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
    if plan.amount is not None:
        return PriceText(money(plan.amount, currency), terms)
    if plan.price is not None:
        return PriceText(unit_amount(plan.price, currency), terms, _per(plan), _usage(plan))
    return PriceText(terms)


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
