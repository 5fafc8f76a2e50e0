"""Parts of a period: what a fee or a minimum costs for one, and what returns of a fee. Exact, rounded once.

Time is counted in whole microseconds of the window as it is in its zone: a day of 25 hours is longer than one of 24.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.money import Rounding, divide
from core.months import Period

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Part:
    """So many microseconds of a window that has ``whole`` of them."""

    length: int
    whole: int

    @property
    def is_whole(self) -> bool:
        return self.length == self.whole


def part_of(window: Period, starts_at: datetime, ends_at: datetime) -> Part:
    """What of a window lies in a half-open time."""
    inside = min(ends_at, window.ends_at) - max(starts_at, window.starts_at)
    return Part(max(0, inside // _TICK), (window.ends_at - window.starts_at) // _TICK)


def fee_of(amount: int, part: Part, rounding: Rounding) -> int:
    """The minor units of a part of a period whose whole costs ``amount``."""
    return divide(amount * part.length, part.whole, rounding)


def units_of(units: int, part: Part) -> int:
    """The units that a part includes of those that the whole does; what is not a whole one is one more."""
    return -(-units * part.length // part.whole)


def unused(paid: int, left: Part, units_left: int, units: int, rounding: Rounding) -> int:
    """What returns of ``paid`` when ``left`` of the time it was for is not used any more.

    Of what included ``units``, no larger share than that of the units which are left: who used them up has had what
    was paid for. ``units`` 0 means that nothing was counted.
    """
    share, whole = left.length, left.whole
    if units and units_left * whole < share * units:
        share, whole = max(0, units_left), units
    return divide(paid * share, whole, rounding)
