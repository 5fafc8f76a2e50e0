"""From bytes to rows of text, streaming: encodings, delimiters, and lines that are not what they should be."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from catalog.profiles.lines import Lines
from compliance.recognisers import find

CHUNK_BYTES = 1 << 20
LONGEST_CELL = 16 << 20
MOST_COLUMNS = 500
_LINES_FOR_KEYS = 1000
_DELIMITERS = ",\t;|"
_HEAD_BYTES = 4096
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
REST = "…"
"""The column for what does not fit: keys that come late, lines that are no objects, cells beyond the header."""

Table = tuple[list[str], Iterator[list[str]]]


def encoding_of(stream: BinaryIO, most: int | None = None) -> str:
    """UTF-8 if every byte of it (of the first ``most``) is, else GB 18030; a byte order mark decides.

    Leaves the stream at its start.
    """
    stream.seek(0)
    head = stream.read(_HEAD_BYTES)
    stream.seek(0)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head.count(0) * 4 > len(head):  # wide characters without a mark: every other byte of a plain text is nothing
        return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while (most is None or stream.tell() < most) and (chunk := stream.read(CHUNK_BYTES)):
            decoder.decode(chunk)
        decoder.decode(b"", final=not stream.read(1))
    except UnicodeDecodeError:
        return "gb18030"
    finally:
        stream.seek(0)
    return "utf-8"


def delimited(lines: Lines, start: int = 0, *, tabs: bool) -> Table:
    """CSV or TSV, its rows from ``start`` on. From a record on that has no end (an open quote, mostly) every line is
    a row of one cell: ``lines.broken`` tells of it.
    """
    csv.field_size_limit(LONGEST_CELL)
    first_line = next(iter(lines), "")
    lines.move(0)
    delimiter = "\t" if tabs else max(_DELIMITERS, key=first_line.count)
    rows: Iterator[list[str]] = csv.reader(iter(lines), delimiter=delimiter)
    try:
        first = next(rows, [])
    except csv.Error as problem:
        lines.broken = str(problem)
        return plain_lines(lines, start)
    header = _is_header(first)
    names = _names(first) if header else [*[f"column_{n + 1}" for n in range(len(first[:MOST_COLUMNS]))], REST]
    if start:
        lines.move(start)
        rows = csv.reader(iter(lines), delimiter=delimiter)
    elif not header:
        rows = _again(first, rows)
    lines.begin_record()
    return names, _fitted(rows, len(names) - 1, lines)


def _again(first: list[str], rows: Iterator[list[str]]) -> Iterator[list[str]]:
    yield first
    yield from rows


def _is_header(cells: list[str]) -> bool:
    """A row of names: none of its cells is a number or an identifier. What is not scanned may hold nothing."""
    return not any(_is_number(cell) or find(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _names(header: list[str]) -> list[str]:
    names: list[str] = []
    for number, cell in enumerate(header[:MOST_COLUMNS]):
        name = cell.strip()[:100] or f"column_{number + 1}"
        names.append(name if name not in names else f"{name}_{number + 1}")
    return [*names, REST]


def _fitted(rows: Iterator[list[str]], width: int, lines: Lines) -> Iterator[list[str]]:
    """Every row as wide as the header and one more cell, which takes what is too much, or what cannot be divided."""
    if not lines.broken:
        try:
            for row in rows:
                lines.begin_record()
                if len(row) == width:
                    row.append("")
                    yield row
                elif row:
                    yield [*row[:width], *[""] * (width - len(row)), " ".join(row[width:])]
        except csv.Error as problem:
            lines.broken = str(problem)
            lines.move(lines.began)
    if lines.broken:
        yield from ([*[""] * width, line.rstrip("\r\n")] for line in _bounded(lines) if line.strip())


def json_lines(lines: Lines, start: int = 0) -> Table:
    """One JSON object on each line; the columns are the keys of the first thousand."""
    keys = dict.fromkeys(key for line in islice(_bounded(lines), _LINES_FOR_KEYS) for key in (_object(line) or {}))
    columns = list(keys)[:MOST_COLUMNS]
    lines.move(start)
    known = frozenset(columns)
    return [*columns, REST], (_cells(line, columns, known) for line in _bounded(lines) if line.strip())


def _bounded(lines: Lines) -> Iterator[str]:
    """The lines where each is a record."""
    for line in lines:
        lines.begin_record()
        yield line


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _cells(line: str, columns: list[str], known: frozenset[str]) -> list[str]:
    found = _object(line)
    if found is None:
        return [*[""] * len(columns), line.strip()]
    rest = {key: value for key, value in found.items() if key not in known}
    return [_cell(found.get(key)) for key in columns] + [_cell(rest) if rest else ""]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def plain_lines(lines: Lines, start: int = 0) -> Table:
    """Text as a table of one column."""
    lines.move(start)
    return ["line", REST], ([line.rstrip("\r\n"), ""] for line in _bounded(lines) if line.strip())
