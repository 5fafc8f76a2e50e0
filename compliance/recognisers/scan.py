"""Finding identifiers in texts and tables: a cheap look first, then a pattern for each kind, then checksums."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from compliance.recognisers import people
from compliance.recognisers.context import ColumnTally, speaks_of
from compliance.recognisers.patterns import PASSPORT, PROVINCE_SIGNS, RECOGNISERS, Recogniser
from compliance.recognisers.types import Found, Identifier, ScanSummary

# Identifiers typed with the wide digits, letters and signs of Chinese input are the same identifiers.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_WIDE = re.compile("[\uff01-\uff5e]")
# Every form has one of these in it: six digits on end, the gaps of a written-out number, the middle of an address,
# a province's sign before a letter.
_RUN = re.compile(r"\d{6}|\d{3}[- ]\d{4}", re.ASCII)
_MAY_HOLD = re.compile(
    rf"{_RUN.pattern}|@|\d\.\d{{1,3}}\.\d|[0-9A-Fa-f]::?[0-9A-Fa-f]{{1,4}}:|[{PROVINCE_SIGNS}][A-Z]", re.ASCII
)
_LONGEST_CELL = 100_000
_SHORTEST_NUMBER = 11
"""A phone number is the shortest of what is told by a run of digits."""
_MOST_CLEAN = 20_000
_LONGEST_CLEAN = 100


class _Claims:
    """What was found so far, in order, none overlapping."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self.found: list[Found] = []

    def free(self, start: int, stop: int) -> bool:
        """Whether nothing was found in that stretch."""
        place = bisect_left(self._starts, stop)
        return place == 0 or self.found[place - 1].stop <= start

    def add(self, kind: Identifier, start: int, value: str) -> None:
        place = bisect_left(self._starts, start)
        self._starts.insert(place, start)
        self.found.insert(place, Found(kind, start, start + len(value), _masked(kind, value)))


def find(text: str, *, context: str = "") -> list[Found]:
    """Identifiers in ``text``, left to right, none overlapping.

    ``context`` (a column's name) decides on passports and on names.
    """
    plain, claims = _narrow(text), _Claims()
    if _MAY_HOLD.search(plain):
        _find_numbers(plain, context, claims)
    for kind, start, stop in people.spans(plain, context):
        if claims.free(start, stop):
            claims.add(kind, start, plain[start:stop])
    return claims.found


def _find_numbers(plain: str, context: str, claims: _Claims) -> None:
    """What has a form of its own."""
    run = _RUN.search(plain) is not None
    long_enough = run and len(plain) >= _SHORTEST_NUMBER
    for recogniser in RECOGNISERS:
        if _may_hold(recogniser, plain, long_enough):
            _claim(recogniser, plain, claims)
    if run and (speaks_of(Identifier.PASSPORT, context) or speaks_of(Identifier.PASSPORT, plain)):
        _claim(PASSPORT, plain, claims)


def _narrow(text: str) -> str:
    return text if text.isascii() or not _WIDE.search(text) else text.translate(_NARROW)


def _may_hold(recogniser: Recogniser, text: str, run: bool) -> bool:
    if recogniser.hint is None:
        return run
    return not recogniser.hint.isdisjoint(text)


def _claim(recogniser: Recogniser, text: str, claims: _Claims) -> None:
    """Add the candidates that pass their check and lie in no stretch that is claimed already."""
    for match in recogniser.pattern.finditer(text):
        if claims.free(*match.span()) and recogniser.check(match.group()):
            claims.add(recogniser.kind, match.start(), match.group())


def mask(text: str) -> str:
    """The text with every identifier but credit codes hidden, save for its first and last characters."""
    return "".join(_masked_parts(text))


def _masked_parts(text: str) -> Iterator[str]:
    reached = 0
    for each in find(text):
        if each.kind != Identifier.CREDIT_CODE:
            yield text[reached : each.start]
            yield each.masked
            reached = each.stop
    yield text[reached:]


def scan_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> ScanSummary:
    """Scan a table row by row, in constant memory; what a column's name and its other cells say is weighed too."""
    tally = TableTally(columns)
    tally.read(rows)
    return tally.result()


class TableTally:
    """A table's findings while its rows go by. Between two rows it can be put aside, and gone on with elsewhere."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.rows = 0
        self._tallies = [ColumnTally(name) for name in columns]

    def read(self, rows: Iterable[Sequence[str]]) -> None:
        """Look at every cell."""
        may_hold, wide, spoken = _MAY_HOLD.search, _WIDE.search, people.may_hold
        tallies, named = self._tallies, [people.names_column(tally.name) for tally in self._tallies]
        clean: set[str] = {""}  # most columns say the same few things again and again
        for row in rows:
            for tally, people_stand_here, cell in zip(tallies, named, row, strict=False):
                if cell in clean and not people_stand_here:
                    continue
                if people_stand_here or may_hold(cell) or spoken(cell) or (not cell.isascii() and wide(cell)):
                    _count(cell, tally)
                elif len(cell) <= _LONGEST_CLEAN:
                    if len(clean) > _MOST_CLEAN:
                        clean = {""}
                    clean.add(cell)
            self.rows += 1

    def result(self) -> ScanSummary:
        """What it holds, as far as it was read."""
        return ScanSummary(self.rows, tuple(tally.result() for tally in self._tallies))

    def state(self) -> dict[str, Any]:
        """All that was counted, as a plain document."""
        columns = {str(place): tally.state() for place, tally in enumerate(self._tallies)}
        return {"rows": self.rows, "columns": {place: state for place, state in columns.items() if state}}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Count on from there; the columns are the same."""
        self.rows = state["rows"]
        for place, counted in state["columns"].items():
            self._tallies[int(place)].go_on(counted)


def _count(cell: str, tally: ColumnTally) -> None:
    for start in range(0, len(cell), _LONGEST_CELL):
        piece = cell[max(0, start - 100) : start + _LONGEST_CELL]
        tally.add(piece, find(piece, context=tally.name))


def _masked(kind: Identifier, value: str) -> str:
    if kind == Identifier.NAME:
        return value[0] + "*" * (len(value) - 1)
    keep = 2 if len(value) > 6 else 1
    return value[:keep] + "*" * (len(value) - 2 * keep) + value[-keep:]
