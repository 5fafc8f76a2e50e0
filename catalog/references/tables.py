"""Reading rows out of files that others made: CSV and its cousins, JSON lines, JSON.

Nothing is skipped in silence. A row is given whole, or its damage is told with its line and reason,
and reading goes on behind it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.references.errors import FileRefused

LONGEST_CELL = 200_000
LONGEST_QUOTE = 4_000_000
MOST_DAMAGES = 2_000
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_FOREIGN = re.compile(rb"[\x80-\xff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class FileShape:
    """How a source writes its files.

    ``header`` names the columns of a file that has no header line. In a ``ragged`` file empty cells at
    the end of a row may be missing, or stand there without a column.
    """

    format: str = "csv"
    encodings: tuple[str, ...] = ("utf-8", "gb18030")
    delimiter: str = ","
    header: tuple[str, ...] | None = None
    skip_lines: int = 0
    records: str = ""
    ragged: bool = False


@dataclass(frozen=True)
class Row:
    """A whole row: the line it begins at, its values by column."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Damage:
    """A row that cannot be used, and why. ``values`` holds what could be read all the same."""

    line: int
    reason: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A file that was opened: its encoding, its lines, its columns (none for JSON) and its rows, to be read once."""

    encoding: str
    lines: int
    columns: tuple[str, ...]
    rows: Iterator[Row | Damage]


def read(raw: bytes, shape: FileShape) -> Table:
    """Open a file of the given shape. Raises FileRefused when not even its beginning makes sense."""
    encoding, text = decode(raw, shape.encodings)
    lines = text.count("\n") + 1
    if shape.format == "csv":
        columns, rows = _read_csv(text, shape)
        return Table(encoding, lines, columns, rows)
    records = _json_lines(text) if shape.format == "jsonl" else _json_records(text, shape.records)
    return Table(encoding, lines, (), records)


def decode(raw: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    """The encoding a file is in, and its text; single bad bytes are kept as lone surrogates, to be reported."""
    if not raw.strip():
        raise FileRefused("The file is empty.")
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return encoding, raw[len(bom) :].decode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    tries = [(encoding, raw.decode(encoding, "surrogateescape")) for encoding in encodings]
    foreign = len(_FOREIGN.findall(raw))
    for encoding, text in tries:
        if len(_SURROGATE.findall(text)) <= max(1, 0.2 * foreign):
            return encoding, text
    raise FileRefused(f"The file is not text in {' or '.join(encodings)}.", hint="Name its encoding in the mapping.")


def _read_csv(text: str, shape: FileShape) -> tuple[tuple[str, ...], Iterator[Row | Damage]]:
    if "\n" not in text:
        text = text.replace("\r", "\n")
    reader = _CsvReader(text, shape.delimiter)
    for _ in range(shape.skip_lines):
        reader.skip_line()
    reader.ragged = shape.ragged
    columns = shape.header or reader.header()
    return columns, _checked(reader.rows(columns))


class _Broken(Exception):
    """A record that does not follow the rules of quoting."""


class _CsvReader:
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
            raise FileRefused(f"The header line cannot be read: {broken}.") from None
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


def _json_lines(text: str) -> Iterator[Row | Damage]:
    return _checked(_json_line(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _json_line(number: int, line: str) -> Row | Damage:
    try:
        record = json.loads(line, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        return Damage(number, f"is not JSON: {str(error)[:120]}")
    return _json_row(number, record)


def _json_records(text: str, path: str) -> Iterator[Row | Damage]:
    try:
        found = json.loads(text, parse_float=str, parse_int=str)
        for name in filter(None, path.split(".")):
            found = found[name]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise FileRefused(f"The file has no records at “{path or 'its root'}”: {str(error)[:120]}") from None
    if not isinstance(found, list):
        raise FileRefused(f"What stands at “{path or 'its root'}” is not a list.")
    return _checked(_json_row(number, record) for number, record in enumerate(found, 1))


def _json_row(number: int, record: Any) -> Row | Damage:
    if not isinstance(record, dict):
        return Damage(number, "is not an object")
    return Row(number, dict(_flat(record, "")))


def _flat(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _plain_text(value)


def _plain_text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_plain_text(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _checked(rows: Iterator[Row | Damage]) -> Iterator[Row | Damage]:
    damages = 0
    for row in rows:
        checked = _damage_of(row) or row if isinstance(row, Row) else row
        damages += isinstance(checked, Damage)
        if damages > MOST_DAMAGES:
            raise FileRefused(f"More than {MOST_DAMAGES} rows cannot be read; is this the right mapping?")
        yield checked


def _damage_of(row: Row) -> Damage | None:
    for name, value in row.values.items():
        reason = _fault(value)
        if reason:
            sound = {key: text for key, text in row.values.items() if not _fault(text)}
            return Damage(row.line, f"{name} {reason}", sound)
    return None


def _fault(value: str) -> str:
    if len(value) > LONGEST_CELL:
        return f"has {len(value):,} characters, {LONGEST_CELL:,} are allowed"
    if "\x00" in value:
        return "holds a NUL character"
    return "holds bytes that are not of the file's encoding" if _SURROGATE.search(value) else ""
