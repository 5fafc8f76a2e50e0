"""Which time a statement or a journal is for. Pure."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from billing.accounting.errors import PeriodInvalid
from core.months import month_start, quarter_of

Span = tuple[datetime, datetime]
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)


def month(label: str, zone: str) -> Span:
    """A calendar month of a zone as a half-open time. Raises PeriodInvalid."""
    match = _MONTH.fullmatch(label)
    if match is None:
        raise PeriodInvalid("Write a month as 2026-11.", field="month")
    year, number = int(match[1]), int(match[2])
    return month_start(zone, year, number), month_start(zone, year + number // 12, number % 12 + 1)


def month_of(moment: datetime, zone: str) -> str:
    """The label of the month that a moment lies in."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m}"


def before(label: str, zone: str) -> str:
    """The label of the month before."""
    return month_of(month(label, zone)[0] - datetime.resolution, zone)


def days(first: date, last: date, zone: str) -> Span:
    """From the beginning of one day to the end of another. Raises PeriodInvalid."""
    if not date(2000, 1, 1) <= first <= last < date(2100, 1, 1):
        raise PeriodInvalid("The first day comes before the last.", field="from")
    return _midnight(first, zone), _midnight(date.fromordinal(last.toordinal() + 1), zone)


def _midnight(day: date, zone: str) -> datetime:
    return quarter_of(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))
