"""What is unusual: pure. Windows are days and nights of a holder's own zone; counts come by UTC quarter of an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median_low
from zoneinfo import ZoneInfo

from exchange.oversight.thresholds import Habit, Measure

QUARTER_S = 900
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """A half-open time; ``day`` is the local day in which it begins."""

    day: date
    starts_at: datetime
    ends_at: datetime

    @property
    def quarters(self) -> range:
        """Those that begin in it."""
        return range(-(-int(self.starts_at.timestamp()) // QUARTER_S), -(-int(self.ends_at.timestamp()) // QUARTER_S))


@dataclass(frozen=True)
class Unusual:
    """So many, where ``usual`` is the middle of ``known`` earlier windows, and ``limit`` what was asked for."""

    count: int
    usual: int
    known: int
    limit: int


def quarter_of(moment: datetime) -> int:
    """The number of the UTC quarter of an hour that a moment lies in."""
    return int(moment.timestamp()) // QUARTER_S


def day_of(day: date, zone: str) -> Window:
    """A local day from midnight to midnight, however long the clocks make it."""
    return Window(day, _at(day, 0, zone), _at(day + _DAY, 0, zone))


def night_of(day: date, zone: str, hours: tuple[int, int]) -> Window:
    """The night that begins on that day."""
    return Window(day, _at(day, hours[0], zone), _at(day + _DAY, hours[1], zone))


def days_between(since: datetime, until: datetime, zone: str) -> list[date]:
    """The local days that this time touches, and the one before: its night reaches into them."""
    first = since.astimezone(ZoneInfo(zone)).date() - _DAY
    last = until.astimezone(ZoneInfo(zone)).date()
    return [first + _DAY * n for n in range((last - first).days + 1)]


def _at(day: date, hour: int, zone: str) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone)).astimezone(UTC)


def within(counts: Mapping[int, int], window: Window) -> int:
    """What the quarters of a window add up to."""
    return sum(counts.get(quarter, 0) for quarter in window.quarters)


def unusual(count: int, before: Sequence[int], measure: Measure, habit: Habit) -> Unusual | None:
    """Whether a window is far above those before it, the newest last; None when it is not, or nobody knows yet."""
    seen = before[-habit.history :]
    if len(seen) < habit.known:
        return None
    usual = median_low(seen)
    limit = max(measure.least, measure.times * usual)
    return Unusual(count, usual, len(seen), limit) if count >= limit else None


def densest(counts: Mapping[int, int], quarters: int, starts: range) -> tuple[int, int]:
    """The most that so many quarters in a row hold of those that begin in ``starts``: (first quarter, count)."""
    best = (starts.start, 0)
    for first in starts:
        if not counts.get(first):
            continue  # one that begins with nothing holds no more than the next
        count = sum(counts.get(quarter, 0) for quarter in range(first, first + quarters))
        if count > best[1]:
            best = (first, count)
    return best


def near(count: int, threshold: int | None, percent: int) -> bool:
    """Whether so many percent of a threshold are reached, and it is not."""
    return threshold is not None and count < threshold and count * 100 >= threshold * percent
