"""The windows in which a plan counts its units, named after the month that a moment lies in."""

from __future__ import annotations

from core.plans import Kind, Period, PricePlan

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
