"""Calendar months of a time zone, as half-open periods in UTC that begin and end on quarters of an hour.

Usage is rolled up by UTC quarter of an hour, so a period of any zone is a sum of whole quarters. A change of
the clocks, or of the zone, gives neither a gap nor a moment that lies in two periods.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from core.problems import Invalid, Sentence

QUARTER = timedelta(minutes=15)
SHORTEST = timedelta(days=15)
"""A period that begins with a change of zone is stretched to the next month rather than be shorter than this."""
_NAME = re.compile(r"\A[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}\Z")
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})


class TimezoneUnknown(Invalid):
    code, title = "timezone_unknown", "This is not a time zone we know"


@dataclass(frozen=True)
class Period:
    """A half-open time; ``label`` is the month that most of it lies in, such as ``2026-11``."""

    starts_at: datetime
    ends_at: datetime
    zone: str
    label: str

    def __contains__(self, moment: datetime) -> bool:
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True)
class ZoneChange:
    """From ``starts_at`` on, which ends a period of the zone before, months are those of ``zone``."""

    starts_at: datetime
    zone: str


def check_timezone(name: object, *, field: str = "timezone") -> str:
    """The name of an IANA time zone, unchanged. Raises TimezoneUnknown."""
    if not isinstance(name, str) or not _NAME.match(name) or name not in _known():
        raise TimezoneUnknown(
            Sentence("%(name)s is not a time zone.", name=repr(name)[:40]),
            field=field,
            hint="Write it as Asia/Shanghai.",
        )
    return name


def quarter_of(moment: datetime) -> datetime:
    """The beginning of the UTC quarter of an hour that ``moment`` lies in."""
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)


def month_start(zone: str, year: int, month: int) -> datetime:
    """The first moment of a month in a zone, in UTC, on a quarter of an hour.

    Midnight that the clocks skip is the moment they skip it; midnight that comes twice is the first one.
    """
    return quarter_of(datetime(year, month, 1, tzinfo=_zone(zone)))


class Months:
    """The periods of somebody whose zone is the first one's, and from each later change on that one's."""

    def __init__(self, zones: Sequence[ZoneChange]) -> None:
        if not zones:
            raise ValueError("a calendar needs a time zone")
        self._zones = sorted(zones, key=lambda change: change.starts_at)

    def period_of(self, moment: datetime) -> Period:
        """The period that ``moment`` lies in."""
        place = max((n for n, change in enumerate(self._zones) if change.starts_at <= moment), default=0)
        change = self._zones[place]
        starts_at, ends_at = _stretched(change) if place else _month(change.zone, moment)
        if moment >= ends_at:
            starts_at, ends_at = _month(change.zone, moment)
        if place + 1 < len(self._zones):
            ends_at = min(ends_at, self._zones[place + 1].starts_at)
        middle = (starts_at + (ends_at - starts_at) / 2).astimezone(_zone(change.zone))
        return Period(starts_at, ends_at, change.zone, f"{middle.year:04d}-{middle.month:02d}")

    def over(self, first: datetime, as_of: datetime) -> Iterator[Period]:
        """The periods from the one of ``first`` on that are over at ``as_of``, oldest first."""
        period = self.period_of(first)
        while period.ends_at <= as_of:
            yield period
            period = self.period_of(period.ends_at)


def _month(zone: str, moment: datetime) -> tuple[datetime, datetime]:
    local = moment.astimezone(_zone(zone))
    year, month = local.year, local.month
    while month_start(zone, year, month) > moment:
        year, month = _step(year, month, -1)
    while month_start(zone, *_step(year, month, 1)) <= moment:
        year, month = _step(year, month, 1)
    return month_start(zone, year, month), month_start(zone, *_step(year, month, 1))


def _stretched(change: ZoneChange) -> tuple[datetime, datetime]:
    return change.starts_at, _month(change.zone, change.starts_at + SHORTEST - timedelta(microseconds=1))[1]


def _step(year: int, month: int, by: int) -> tuple[int, int]:
    years, month = divmod(year * 12 + month - 1 + by, 12)
    return years, month + 1


@lru_cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache
def _known() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - _NO_PLACES)
