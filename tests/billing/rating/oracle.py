"""What usage costs, in fractions of a minor unit, told from the plan's document alone. Shares no code with rating."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

SCALE = {"CNY": 100, "JPY": 1, "KWD": 1000}
UNITS = {"per_call": "call", "per_hit": "hit", "per_record": "record", "per_byte": "byte"}


def minor(text: str, currency: str) -> Fraction:
    return Fraction(text) * SCALE[currency]


def cost(plan: Mapping[str, Any], units: int) -> Fraction:
    """The exact cost of so many units in one window."""
    kind, currency = plan["kind"], plan.get("currency", "CNY")
    if kind in ("free", "one_off", "negotiated", "package"):
        return Fraction(0)
    if kind == "subscription":
        beyond: int = max(0, units - plan["included"]) if "included" in plan else 0
        return beyond * minor(plan.get("overage", "0"), currency)
    if kind == "minimum":
        return max(minor(plan["amount"], currency), cost(plan["usage"], units))
    paid: int = max(0, units - plan.get("free_quota", 0))
    if kind == "graduated":
        return _graduated(plan["steps"], paid, currency)
    if kind == "volume":
        price: str = next(step["price"] for step in plan["steps"] if step["up_to"] is None or paid <= step["up_to"])
        return paid * minor(price, currency)
    return Fraction(paid, plan.get("per", 1)) * minor(plan["price"], currency)


def _graduated(steps: Sequence[Mapping[str, Any]], paid: int, currency: str) -> Fraction:
    """Each unit by itself, but whole steps at once."""
    sum_, lower = Fraction(0), 0
    for step in steps:
        upper = paid if step["up_to"] is None else min(paid, step["up_to"])
        sum_ += max(0, upper - lower) * minor(step["price"], currency)
        lower = max(lower, upper)
    return sum_


def units_of(plan: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]) -> int:
    """The units of single calls."""
    inner = plan.get("usage", plan)
    unit = UNITS.get(inner["kind"], inner.get("unit"))
    good = [call for call in calls if call["mode"] == "live" and not call["credited"]]
    hits = [call for call in good if call["outcome"] == "hit"]
    answered = [call for call in good if call["outcome"] in ("hit", "miss")]
    sent = [call for call in good if call["outcome"] in ("hit", "miss", "client_abort")]
    units: dict[str | None, int] = {
        "call": len(answered), "hit": len(hits), "record": sum(call["records"] for call in hits),
        "byte": sum(call["bytes_out"] for call in sent), None: 0,
    }  # fmt: skip
    return units[unit]
