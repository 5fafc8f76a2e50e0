"""Scanning tables: column by column, some rows at a time. What a column's name and its other cells say is weighed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from compliance.recognisers import people
from compliance.recognisers.context import ColumnTally
from compliance.recognisers.scan import find
from compliance.recognisers.sieve import LONGEST_CELL, sift
from compliance.recognisers.types import Found, ScanSummary

_BATCH_ROWS = 1_000
_BATCH_VOLUME = 1 << 18
_MOST_CLEAN = 20_000
_LONGEST_CLEAN = 100
_OVERLAP = 100
_NOTHING: list[Found] = []


def scan_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> ScanSummary:
    """Scan a table in constant memory."""
    tally = TableTally(columns)
    tally.read(rows)
    return tally.result()


class TableTally:
    """A table's findings while its rows go by. Between two rows it can be put aside, and gone on with elsewhere."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.rows = 0
        self._columns = [_Column(name) for name in columns]
        self._waiting: list[Sequence[str]] = []

    def read(self, rows: Iterable[Sequence[str]]) -> None:
        """Look at every cell."""
        volume = 0
        for row in rows:
            self._waiting.append(row)
            volume += sum(map(len, row))
            if volume > _BATCH_VOLUME or len(self._waiting) >= _BATCH_ROWS:
                self._look()
                volume = 0
        self._look()

    def _look(self) -> None:
        waiting, self._waiting = self._waiting, []
        for column, cells in zip(self._columns, zip_longest(*waiting, fillvalue=""), strict=False):
            column.look(cells)
        self.rows += len(waiting)

    def result(self) -> ScanSummary:
        """What it holds, as far as it was read."""
        self._look()
        return ScanSummary(self.rows, tuple(column.tally.result() for column in self._columns))

    def state(self) -> dict[str, Any]:
        """All that was counted, as a plain document."""
        self._look()
        columns = {str(place): column.tally.state() for place, column in enumerate(self._columns)}
        return {"rows": self.rows, "columns": {place: state for place, state in columns.items() if state}}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Count on from there; the columns are the same."""
        self.rows = state["rows"]
        for place, counted in state["columns"].items():
            self._columns[int(place)].tally.go_on(counted)


class _Column:
    """One column; most say the same few things again and again, and those that held nothing are remembered."""

    def __init__(self, name: str) -> None:
        self.tally = ColumnTally(name)
        self._people_stand_here = people.names_column(name)
        self._clean: set[str] = {""}

    def look(self, cells: Sequence[str]) -> None:
        new = set(cells) - self._clean
        if not new:
            return
        distinct = list(new)
        held, bare = sift(distinct, self.tally.name) if not self._people_stand_here else (new, ())
        if held or bare:
            self._count(cells, held, bare)
        self._remember(new.difference(held, bare))

    def _count(self, cells: Sequence[str], held: Iterable[str], bare: Iterable[str]) -> None:
        known = {cell: [(cell, _NOTHING)] for cell in bare} | {cell: _pieces(cell, self.tally.name) for cell in held}
        for cell in cells:
            for piece, found in known.get(cell, ()):
                self.tally.add(piece, found)

    def _remember(self, clean: Iterable[str]) -> None:
        if len(self._clean) > _MOST_CLEAN:
            self._clean = {""}
        self._clean.update(cell for cell in clean if len(cell) <= _LONGEST_CLEAN)


def _pieces(cell: str, column: str) -> list[tuple[str, list[Found]]]:
    """What was found in a cell; a very long one is taken in pieces."""
    starts = range(0, len(cell), LONGEST_CELL)
    pieces = [cell[max(0, start - _OVERLAP) : start + LONGEST_CELL] for start in starts]
    return [(piece, find(piece, context=column)) for piece in pieces]
