"""A price plan in words: the amount, its unit, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from core import plans
from core.money import format_price
from core.problems import Invalid
from exchange.web.formats import money
from exchange.web.words import word


@dataclass(frozen=True)
class PriceText:
    """The large line and the small one beneath it."""

    amount: str
    terms: str = ""


def describe(document: Mapping[str, Any] | None) -> PriceText:
    """How a plan reads on a page; a document we cannot read says so."""
    if not document:
        return PriceText(gettext("No price yet"))
    try:
        plan = plans.parse(document)
    except Invalid:
        return PriceText(gettext("Price on the listing"))
    return _said(plan)


def _said(plan: plans.PricePlan) -> PriceText:
    currency, terms = str(plan.currency), word("plan", plan.kind)
    if plan.kind is plans.Kind.FREE:
        return PriceText(terms, gettext("no invoice"))
    if plan.amount is not None:
        return PriceText(money(plan.amount, currency), terms)
    if plan.price is not None:
        return PriceText(f"¥{format_price(plan.price, currency)}", terms)
    return PriceText(terms)
