"""Bars drawn by the server: calls over time, stacked by how they ended. Pure; a table beside it says the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OUTCOMES = ("hit", "miss", "upstream_error", "client_abort", "refused")
WIDTH, HEIGHT = 1000, 220
_LEFT, _BOTTOM, _TOP = 48, 24, 8
_LABELS = 6


@dataclass(frozen=True)
class Bar:
    """A part of a column: where it stands in the drawing, and what it shows."""

    x: float
    y: float
    width: float
    height: float
    outcome: str


@dataclass(frozen=True)
class Chart:
    """A drawing of ``WIDTH`` × ``HEIGHT``: bars, lines across with their values, words beneath."""

    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, int], ...]
    labels: tuple[tuple[float, str], ...]


def stacked(columns: Sequence[tuple[str, Mapping[str, int]]]) -> Chart:
    """Columns from left to right, each with its word and its calls by outcome."""
    top = _round_up(max((sum(calls.values()) for _, calls in columns), default=0))
    slot = (WIDTH - _LEFT) / max(1, len(columns))
    bars = [
        bar for place, (_, calls) in enumerate(columns) for bar in _column(_LEFT + slot * place, slot * 0.8, calls, top)
    ]
    every = math.ceil(len(columns) / _LABELS) or 1
    labels = [
        (_LEFT + slot * place + slot * 0.4, word) for place, (word, _) in enumerate(columns) if place % every == 0
    ]
    return Chart(tuple(bars), tuple((_height(value, top), value) for value in _marks(top)), tuple(labels))


def _column(x: float, width: float, calls: Mapping[str, int], top: int) -> list[Bar]:
    bars, below = [], 0
    for outcome in OUTCOMES:
        count = calls.get(outcome, 0)
        if count:
            high, low = _height(below + count, top), _height(below, top)
            bars.append(Bar(round(x, 1), round(high, 1), round(width, 1), round(low - high, 1), outcome))
            below += count
    return bars


def _height(value: int, top: int) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / top


def _round_up(value: int) -> int:
    """The next 1, 2 or 5 times a power of ten, four at least: the axis has whole numbers."""
    power = int(10 ** max(0, len(str(value)) - 1))
    return max(4, next(step * power for step in (1, 2, 5, 10) if step * power >= value))


def _marks(top: int) -> Sequence[int]:
    return [top * part // 4 for part in range(5)] if top % 4 == 0 else [top * part // 5 for part in range(6)]
