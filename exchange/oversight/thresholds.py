"""From when on something is unusual: data, each number with its reason beside it in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FETCHED = ("downloads", "rows")


@dataclass(frozen=True)
class Measure:
    """Unusual: at least ``least``, and at least ``times`` the middle of what was before."""

    least: int
    times: int


@dataclass(frozen=True)
class Habit:
    """How much of the past says what is usual: at most ``history`` windows, at least ``known``."""

    history: int
    known: int


@dataclass(frozen=True)
class Thresholds:
    """Of every rule. ``night`` are the hours of the holder's clock from which, and until which, it is off hours."""

    night: tuple[int, int]
    nights: Mapping[str, Measure]
    night_habit: Habit
    days: Mapping[str, Measure]
    day_habit: Habit
    burst_minutes: int
    burst_calls: int
    burst_deeds: int
    burst_links: int
    link_codes: frozenset[str]
    drift_uses: int
    drift_codes: frozenset[str]
    trace_cases: int
    trace_days: int
    export_percent: int
    why: Mapping[str, Mapping[str, str]]


@cache
def thresholds() -> Thresholds:
    """Those of this exchange."""
    return parse(yaml.safe_load(Path(__file__).with_name("thresholds.yaml").read_text(encoding="utf-8")))


def parse(document: Mapping[str, Any]) -> Thresholds:
    """Raises ValueError when a number is missing or not positive: a rule that never speaks is none."""
    off, volume, refusals = document["off_hours"], document["volume"], document["refusals"]
    found = Thresholds(
        (off["from"], off["until"]), _measures(off, "calls", *_FETCHED), Habit(off["history"], off["known"]),
        _measures(volume, "calls", "records", *_FETCHED), Habit(volume["history"], volume["known"]),
        refusals["minutes"], refusals["calls"], refusals["deeds"],
        refusals["links"], frozenset(refusals["link_codes"]), document["drift"]["uses"],
        frozenset(document["drift"]["codes"]), document["traces"]["cases"], document["traces"]["days"],
        document["exports"]["percent"], {name: each["why"] for name, each in document.items() if name != "version"},
    )  # fmt: skip
    if not 0 <= found.night[1] < found.night[0] < 24 or found.burst_minutes % 15:
        raise ValueError("the night ends in the morning, and a burst lasts whole quarters of an hour")
    if not all(_is_positive(getattr(found, each.name)) for each in fields(found) if each.name not in ("night", "why")):
        raise ValueError("every threshold is a positive number")
    return found


def _measures(document: Mapping[str, Any], *names: str) -> dict[str, Measure]:
    return {name: Measure(**document[name]) for name in names}


def _is_positive(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(map(_is_positive, value.values()))
    if isinstance(value, Measure | Habit):
        return all(_is_positive(getattr(value, each.name)) for each in fields(value))
    return bool(value) if isinstance(value, frozenset) else isinstance(value, int) and value > 0
