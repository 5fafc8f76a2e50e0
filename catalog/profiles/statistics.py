"""Statistics of columns in one pass and constant memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from math import isfinite
from operator import itemgetter

from catalog.profiles.types import ColumnProfile

MOST_DISTINCT = 1000
BINS = 20
_KEPT_VALUES = 5000
_LONGEST_NUMBER = 40
_BATCH = 1000
_BATCH_VOLUME = 1 << 20
_NULLS = frozenset({"", "null", "none", "na", "n/a", "nan", "\\n"})
_LONGEST_NULL = max(map(len, _NULLS))
_INTEGER = re.compile(r"[+-]?\d{1,39}\Z")
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\Z")
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\Z")


def _is_boolean(text: str) -> bool:
    return text.lower() in ("true", "false", "yes", "no", "是", "否")


def _is_integer(text: str) -> bool:
    return bool(_INTEGER.match(text))


def _is_decimal(text: str) -> bool:
    return len(text) <= _LONGEST_NUMBER and bool(_DECIMAL.match(text))


def _is_date(text: str) -> bool:
    return bool(_DATE.match(text)) and _day(text) is not None


def _is_datetime(text: str) -> bool:
    return len(text) > len("2026-01-01") and _moment(text) is not None


def _day(text: str) -> float | None:
    try:
        return float(date(*map(int, re.split("[-/]", text))).toordinal())
    except ValueError:
        return None


def _moment(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.toordinal() + (found.hour * 3600 + found.minute * 60 + found.second) / 86400


_KINDS: dict[str, Callable[[str], bool]] = {
    "boolean": _is_boolean, "integer": _is_integer, "decimal": _is_decimal, "date": _is_date,
    "datetime": _is_datetime,
}  # fmt: skip
_MEASURES: dict[str, Callable[[str], float | None]] = {
    "integer": float, "decimal": float, "date": _day, "datetime": _moment,
}  # fmt: skip


class ColumnStatistics:
    """What one column's cells say, gathered in batches."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nulls = 0
        self._seen = 0
        self._kinds = dict(_KINDS)
        self._counts: Counter[str] | None = Counter()
        self._kept: list[str] = []
        self._every = 1
        self._bounds: tuple[tuple[float, str], tuple[float, str]] | None = None

    def add(self, cells: Iterable[str]) -> None:
        stripped = list(map(str.strip, cells))
        values = [text for text in stripped if len(text) > _LONGEST_NULL or text.lower() not in _NULLS]
        self._nulls += len(stripped) - len(values)
        self._seen += len(values)
        if self._kinds and values:
            self._kinds = {kind: fits for kind, fits in self._kinds.items() if all(map(fits, values))}
            self._widen(values)
            self._keep(values)
        self._count(values)

    def _widen(self, values: list[str]) -> None:
        kind = next((kind for kind in self._kinds if kind in _MEASURES), None)
        if kind is None:
            return
        sizes = zip(map(_MEASURES[kind], values), values, strict=True)
        found = [(size, text) for size, text in sizes if size is not None and isfinite(size)]
        if found:
            self._bounds = (
                min(*found, *(self._bounds or found[:1]), key=itemgetter(0)),
                max(*found, *(self._bounds or found[:1]), key=itemgetter(0)),
            )

    def _keep(self, values: list[str]) -> None:
        """Every n-th value for the histogram; n doubles whenever enough were kept."""
        self._kept += values[:: self._every]
        while len(self._kept) > _KEPT_VALUES:
            self._kept = self._kept[::2]
            self._every *= 2

    def _count(self, values: list[str]) -> None:
        if self._counts is None:
            return
        self._counts.update([text[:200] for text in values])
        if len(self._counts) > MOST_DISTINCT:
            self._counts = None

    def profile(self, *, identifying: bool) -> ColumnProfile:
        """The result. Of a column that names people only counts are told."""
        kind = next(iter(self._kinds), "text") if self._seen else "empty"
        distinct = len(self._counts) if self._counts is not None else None
        if identifying or kind not in _MEASURES or self._bounds is None:
            return ColumnProfile(self.name, kind, self._nulls, distinct, None, None, self._frequencies(identifying))
        (_, least), (_, most) = self._bounds
        return ColumnProfile(self.name, kind, self._nulls, distinct, least, most, self._bins(kind))

    def _frequencies(self, identifying: bool) -> tuple[int, ...]:
        """How often the most frequent values stand there, when they are few enough to compare."""
        if identifying or self._counts is None or len(self._counts) > BINS:
            return ()
        return tuple(count for _, count in self._counts.most_common())

    def _bins(self, kind: str) -> tuple[int, ...]:
        assert self._bounds is not None
        least, most = self._bounds[0][0], self._bounds[1][0]
        sizes = [size for size in map(_MEASURES[kind], self._kept) if size is not None]
        if most <= least:
            return (len(sizes),)
        bins = [0] * BINS
        for size in sizes:
            bins[min(BINS - 1, max(0, int((size - least) / (most - least) * BINS)))] += 1
        return tuple(bins)


def gather(statistics: Sequence[ColumnStatistics], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """Let the rows pass while their cells are counted."""
    for batch in _batches(rows):
        for column, cells in zip(statistics, zip(*batch, strict=True), strict=True):
            column.add(cells)
        yield from batch


def _batches(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    """Rows a thousand at a time, fewer when they are long."""
    batch: list[list[str]] = []
    volume = 0
    for row in rows:
        batch.append(row)
        volume += sum(map(len, row))
        if len(batch) == _BATCH or volume > _BATCH_VOLUME:
            yield batch
            batch, volume = [], 0
    if batch:
        yield batch
