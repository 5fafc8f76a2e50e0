"""The windows in which a plan counts its units, named after the month that a moment lies in."""

from __future__ import annotations

from datetime import datetime, timedelta

from core import months
from core.months import Months
from core.plans import Kind, Period, PricePlan

_LEAST = timedelta(microseconds=1)
LIFE = "life"


def window_label(plan: PricePlan, month: str) -> str:
    """The window of a month such as ``2026-11``: itself, ``2026-Q4``, ``2026``, or ``life`` for a package.

    A plan that names no period counts by the month.
    """
    if plan.kind is Kind.PACKAGE:
        return LIFE
    period = plan.period or (plan.usage.period if plan.usage else None) or Period.MONTH
    year, number = month.split("-")
    if period is Period.YEAR:
        return year
    return f"{year}-Q{(int(number) + 2) // 3}" if period is Period.QUARTER else month


def window_of(plan: PricePlan, calendar: Months, moment: datetime) -> months.Period:
    """The window that a moment lies in: whole months of that calendar, each as long as it is there.

    Raises ValueError for a package, whose window is the life of its licence.
    """
    if plan.kind is Kind.PACKAGE:
        raise ValueError("a package is counted over its whole licence")
    here = calendar.period_of(moment)
    label, first, last = window_label(plan, here.label), here, here
    while window_label(plan, (before := calendar.period_of(first.starts_at - _LEAST)).label) == label:
        first = before
    while window_label(plan, (after := calendar.period_of(last.ends_at)).label) == label:
        last = after
    return months.Period(first.starts_at, last.ends_at, here.zone, label)
