"""What is unusual, by table and by an independent count."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.oversight import rules
from exchange.oversight.thresholds import Habit, Measure, parse, thresholds
from tests.exchange.oversight.documents import changed, document

_ZONES = ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC")


@given(
    st.dictionaries(st.integers(0, 400), st.integers(0, 50), max_size=60), st.sampled_from(_ZONES),
    st.sampled_from([date(2026, 3, 7), date(2026, 10, 31), date(2026, 6, 15)]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_a_night_holds_exactly_what_the_holders_clock_calls_night(counts: dict[int, int], zone: str, day: date) -> None:
    first = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 900 - 100
    shifted = {first + quarter: count for quarter, count in counts.items()}
    night = rules.night_of(day, zone, (22, 7))
    expected = 0
    for quarter, count in shifted.items():
        local = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone))
        evening = local.date() == day and local.hour >= 22
        morning = local.date() == day + timedelta(days=1) and local.hour < 7
        expected += count if evening or morning else 0
    assert rules.within(shifted, night) == expected
    whole = sum(
        count
        for quarter, count in shifted.items()
        if datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone)).date() == day
    )
    assert rules.within(shifted, rules.day_of(day, zone)) == whole


@given(st.dictionaries(st.integers(0, 99), st.integers(1, 9), max_size=40), st.integers(1, 8))
@settings(max_examples=150, deadline=None)
def test_the_densest_window_is_the_most_of_all_windows(counts: dict[int, int], long: int) -> None:
    every = {first: sum(counts.get(first + n, 0) for n in range(long)) for first in range(100)}
    first, found = rules.densest(counts, long, range(100))
    assert every[first] == found
    started = [count for begin, count in every.items() if begin in counts]
    assert found == max(started, default=0) == max(every.values(), default=0)


@pytest.mark.parametrize(
    ("count", "before", "found"),
    [
        (200, [0] * 7, (0, 200)), (199, [0] * 7, None), (200, [0] * 6, None), (500, [100] * 9, (100, 500)),
        (499, [100] * 9, None), (200, [1, 1, 1, 1000, 1000, 1000, 1000], None),
        (1000, [90, 90, 90, 90, 5, 5, 5], (90, 450)),
    ],
)  # fmt: skip
def test_far_above_the_own_habit(count: int, before: list[int], found: tuple[int, int] | None) -> None:
    seen = rules.unusual(count, before, Measure(200, 5), Habit(28, 7))
    assert (None if seen is None else (seen.usual, seen.limit)) == found


def test_only_so_much_of_the_past_says_what_is_usual() -> None:
    assert rules.unusual(300, [10_000] * 50 + [1] * 28, Measure(200, 5), Habit(28, 7)) is not None


@pytest.mark.parametrize(
    ("count", "threshold", "found"),
    [(79, 100, False), (80, 100, True), (99, 100, True), (100, 100, False), (9, None, False)],
)
def test_near_a_threshold_is_below_it(count: int, threshold: int | None, found: bool) -> None:
    assert rules.near(count, threshold, 80) is found


def test_the_thresholds_are_whole_and_give_their_reasons() -> None:
    found = thresholds()
    assert found.night == (22, 7)
    assert set(found.why) == {"off_hours", "volume", "refusals", "drift", "traces", "exports"}
    assert all(set(texts) == {"zh", "en"} for texts in found.why.values())


@pytest.mark.parametrize(
    "change",
    [
        {"off_hours": {"calls": {"least": 0, "times": 5}}}, {"off_hours": {"from": 6}}, {"refusals": {"minutes": 20}},
        {"refusals": {"calls": -1}}, {"drift": {"codes": []}}, {"exports": {"percent": 0}},
    ],
)  # fmt: skip
def test_thresholds_that_never_speak_are_refused(change: dict[str, dict[str, object]]) -> None:
    parse(document())
    with pytest.raises(ValueError):
        parse(changed(change))
