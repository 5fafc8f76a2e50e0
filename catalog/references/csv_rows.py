"""Rows of CSV and its cousins. After a broken row, reading goes on at the next line that makes sense."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from catalog.references.errors import FileRefused
from catalog.references.rows import Damage, Row
from core.problems import Sentence

LONGEST_QUOTE = 4_000_000
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')


class _Broken(Exception):
    """A record that does not follow the rules of quoting."""


class CsvReader:
    """Records with their lines. After a broken one it goes on at the next line."""

    def __init__(self, text: str, delimiter: str) -> None:
        self.text, self.delimiter = text, delimiter
        self.place, self.line = 0, 1
        self.ragged = False
        self._plain = re.compile(f"[^{re.escape(delimiter)}\r\n]*")

    def skip_line(self) -> None:
        self._advance(self._next_line(self.place))

    def header(self) -> tuple[str, ...]:
        """The first record's cells. Raises FileRefused when they cannot name columns."""
        try:
            cells, end = self._record(self.place)
        except _Broken as broken:
            raise FileRefused(Sentence("The header line cannot be read: %(broken)s.", broken=broken)) from None
        self._advance(end)
        if not any(cell.strip() for cell in cells):
            raise FileRefused("The header line names no column.", hint="Say under file how many lines to skip.")
        return _names(cells)

    def rows(self, columns: Sequence[str]) -> Iterator[Row | Damage]:
        while self.place < len(self.text):
            start, line = self.place, self.line
            try:
                cells, end = self._record(start)
            except _Broken as broken:
                yield self._give_up(line, str(broken), len(columns))
                continue
            if self.ragged:
                cells = _evened(cells, len(columns))
            if not any(cells):
                self._advance(end)
            elif len(cells) == len(columns):
                self._advance(end)
                yield Row(line, dict(zip(columns, cells, strict=True)))
            else:
                yield self._miscounted(line, cells, end, len(columns))

    def _miscounted(self, line: int, cells: list[str], end: int, wanted: int) -> Damage:
        reason = f"has {len(cells)} cells, {wanted} columns are named"
        following = self._next_line(self.place)
        if following < end and self._fits(following, wanted):
            self._advance(following)  # a stray quote swallowed whole rows: they are read again
        else:
            self._advance(end)
        return Damage(line, reason)

    def _give_up(self, line: int, reason: str, wanted: int) -> Damage:
        """Step over the lines of a broken record: up to the first that reads as a row by itself."""
        self._advance(self._next_line(self.place))
        while self.place < len(self.text) and not self._fits(self.place, wanted):
            self._advance(self._next_line(self.place))
        last = self.line - 1
        return Damage(line, reason if last <= line else f"{reason} (lines {line} to {last})")

    def _fits(self, place: int, wanted: int) -> bool:
        try:
            return len(self._record(place)[0]) == wanted
        except _Broken:
            return False

    def _record(self, place: int) -> tuple[list[str], int]:
        cells: list[str] = []
        while True:
            cell, place = self._cell(place)
            cells.append(cell)
            if not self.text.startswith(self.delimiter, place):
                return cells, self._past_line_end(place)
            place += len(self.delimiter)

    def _cell(self, place: int) -> tuple[str, int]:
        if not self.text.startswith('"', place):
            match = self._plain.match(self.text, place)
            assert match is not None
            return match.group(), match.end()
        quoted = _QUOTED.match(self.text, place, place + LONGEST_QUOTE)
        if quoted is None:
            raise _Broken("a quote is opened and never closed")
        end = quoted.end()
        if end < len(self.text) and self.text[end] not in "\r\n" and not self.text.startswith(self.delimiter, end):
            raise _Broken("text follows a closing quote")
        return quoted.group(1).replace('""', '"'), end

    def _past_line_end(self, place: int) -> int:
        return place + (2 if self.text.startswith("\r\n", place) else 1)

    def _next_line(self, place: int) -> int:
        end = self.text.find("\n", place)
        return len(self.text) if end < 0 else end + 1

    def _advance(self, place: int) -> None:
        place = min(place, len(self.text))
        self.line += self.text.count("\n", self.place, place)
        self.place = place


def _names(cells: Sequence[str]) -> tuple[str, ...]:
    """Column names as written; an empty one becomes ``#3`` by its place, one that comes again ``name#3``."""
    names: dict[str, None] = {}
    for place, cell in enumerate(cells, 1):
        name = cell.strip()
        names[f"{name}#{place}" if not name or name in names else name] = None
    return tuple(names)


def _evened(cells: list[str], wanted: int) -> list[str]:
    while len(cells) > wanted and not cells[-1].strip():
        cells = cells[:-1]
    return cells + [""] * (wanted - len(cells)) if any(cells) else cells
