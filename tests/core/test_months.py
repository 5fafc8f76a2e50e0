"""Months of a zone: no gap, no moment in two of them, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.months import (
    QUARTER,
    Months,
    TimezoneUnknown,
    ZoneChange,
    check_timezone,
    month_start,
    quarter_of,
)

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# half hours, quarters, midnights that are skipped or come twice, a day that never was
ZONES = (
    "Asia/Shanghai", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu",
    "America/Asuncion", "America/Havana", "Pacific/Apia", "Africa/Cairo", "Asia/Beirut", "Pacific/Kiritimati",
    "America/St_Johns", "Africa/Casablanca", "Pacific/Pago_Pago",
)  # fmt: skip
MOMENTS = st.integers(0, 36 * 365 * 24 * 3600).map(
    lambda seconds: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def months(*zones: tuple[str, str]) -> Months:
    return Months([ZoneChange(utc(at), zone) for at, zone in zones])


@pytest.mark.parametrize(
    ("zone", "year", "month", "starts"),
    [
        ("UTC", 2026, 11, "2026-11-01T00:00"),
        ("Asia/Shanghai", 2026, 11, "2026-10-31T16:00"),
        ("America/New_York", 2026, 11, "2026-11-01T04:00"),  # the clocks go back that very night
        ("America/New_York", 2026, 12, "2026-12-01T05:00"),
        ("Asia/Kathmandu", 2026, 1, "2025-12-31T18:15"),
        ("America/Asuncion", 2017, 10, "2017-10-01T04:00"),  # midnight was skipped
        ("America/Havana", 2020, 11, "2020-11-01T04:00"),  # midnight came twice: the first one
    ],
)
def test_a_month_begins(zone: str, year: int, month: int, starts: str) -> None:
    assert month_start(zone, year, month) == utc(starts)


@given(st.sampled_from(ZONES), MOMENTS)
def test_every_moment_lies_in_one_period_and_the_next_begins_where_it_ends(zone: str, moment: datetime) -> None:
    calendar = Months([ZoneChange(BEGINNING, zone)])
    period = calendar.period_of(moment)
    assert moment in period
    assert calendar.period_of(period.starts_at) == calendar.period_of(period.ends_at - QUARTER) == period
    assert calendar.period_of(period.ends_at).starts_at == period.ends_at
    assert quarter_of(period.starts_at) == period.starts_at
    assert timedelta(days=27) < period.ends_at - period.starts_at < timedelta(days=32)


@given(st.lists(st.tuples(st.sampled_from(ZONES), st.integers(0, 400)), min_size=1, max_size=5), MOMENTS)
def test_changes_of_zone_leave_no_gap_and_no_overlap(steps: list[tuple[str, int]], began: datetime) -> None:
    changes = [ZoneChange(BEGINNING, "Asia/Shanghai")]
    wished_at = began
    for zone, days in steps:
        wished_at += timedelta(days=days)
        changes = [change for change in changes if change.starts_at <= wished_at]
        changes.append(ZoneChange(Months(changes).period_of(wished_at).ends_at, zone))
    calendar = Months(changes)
    periods = list(calendar.over(began, wished_at + timedelta(days=100)))
    assert len(periods) >= 2
    for before, after in pairwise(periods):
        assert before.ends_at == after.starts_at
        assert before.label < after.label
    for period in periods:
        assert timedelta(days=15) <= period.ends_at - period.starts_at <= timedelta(days=47)


def test_a_change_of_zone_stretches_one_period_instead_of_making_a_sliver() -> None:
    calendar = months(("2000-01-01T00:00", "Asia/Shanghai"), ("2026-07-31T16:00", "America/New_York"))
    july, august, september = list(calendar.over(utc("2026-07-15T00:00"), utc("2026-10-01T04:00")))
    assert (july.ends_at, july.label) == (utc("2026-07-31T16:00"), "2026-07")
    assert (august.starts_at, august.ends_at, august.label) == (
        utc("2026-07-31T16:00"),
        utc("2026-09-01T04:00"),
        "2026-08",
    )
    assert (september.zone, september.label) == ("America/New_York", "2026-09")


def test_only_what_is_over_is_listed() -> None:
    calendar = months(("2000-01-01T00:00", "UTC"))
    assert list(calendar.over(utc("2026-07-15T00:00"), utc("2026-07-31T23:59"))) == []
    assert [p.label for p in calendar.over(utc("2026-07-15T00:00"), utc("2026-09-01T00:00"))] == ["2026-07", "2026-08"]


@pytest.mark.parametrize("name", ["Asia/Shanghai", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+8"])
def test_zones_are_known_by_name(name: str) -> None:
    assert check_timezone(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "Asia/Peking", "asia/shanghai", "+08:00", "../../etc/passwd", "/etc/localtime", "localtime", "Factory", 8,
     None, "Asia/Shanghai\n", "A" * 500, "Asia/\x00"],
)  # fmt: skip
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(TimezoneUnknown):
        check_timezone(name)
