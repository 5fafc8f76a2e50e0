"""From bytes to rows of text, streaming: encodings, delimiters, and lines that are not what they should be."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from compliance.recognisers import find

CHUNK_BYTES = 1 << 20
LONGEST_CELL = 16 << 20
MOST_COLUMNS = 500
_LINES_FOR_KEYS = 1000
_DELIMITERS = ",\t;|"
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
REST = "…"
"""The column for what does not fit: keys that come late, lines that are no objects, cells beyond the header."""

Table = tuple[list[str], Iterator[list[str]]]


def encoding_of(stream: BinaryIO) -> str:
    """UTF-8 if every byte of it is, else GB 18030; a byte order mark decides. Leaves the stream at its start."""
    head = stream.read(4)
    stream.seek(0)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "gb18030"
    finally:
        stream.seek(0)
    return "utf-8"


def text_of(stream: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """The stream as text; a byte that cannot be read becomes a replacement character."""
    return io.TextIOWrapper(stream, encoding=encoding, errors="replace", newline="")


def delimited(text: io.TextIOWrapper, *, tabs: bool) -> Table:
    """CSV or TSV. Raises csv.Error for a cell beyond all measure (an open quote, mostly)."""
    csv.field_size_limit(LONGEST_CELL)
    first_line = text.readline()
    text.seek(0)
    delimiter = "\t" if tabs else max(_DELIMITERS, key=first_line.count)
    rows = csv.reader(text, delimiter=delimiter)
    first = next(rows, [])
    if _is_header(first):
        return _names(first), _fitted(rows, len(first))
    return [f"column_{n + 1}" for n in range(len(first))] + [REST], _fitted(_again(first, rows), len(first))


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


def _fitted(rows: Iterator[list[str]], width: int) -> Iterator[list[str]]:
    """Every row as wide as the header and one more cell, which takes what is too much."""
    width = min(width, MOST_COLUMNS)
    for row in rows:
        if row:
            yield [*row[:width], *[""] * (width - len(row)), " ".join(row[width:])]


def json_lines(text: io.TextIOWrapper) -> Table:
    """One JSON object on each line; the columns are the keys of the first thousand."""
    head = list(islice(text, _LINES_FOR_KEYS))
    keys = dict.fromkeys(key for line in head for key in (_object(line) or {}))
    columns = list(keys)[:MOST_COLUMNS]

    def rows() -> Iterator[list[str]]:
        for lines in (head, text):
            yield from (_cells(line, columns) for line in lines if line.strip())

    return [*columns, REST], rows()


def _object(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _cells(line: str, columns: list[str]) -> list[str]:
    found = _object(line)
    if found is None:
        return [*[""] * len(columns), line.strip()]
    rest = {key: value for key, value in found.items() if key not in set(columns)}
    return [_cell(found.get(key)) for key in columns] + [_cell(rest) if rest else ""]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def plain_lines(text: io.TextIOWrapper) -> Table:
    """Text as a table of one column."""
    return ["line", REST], ([line.rstrip("\r\n"), ""] for line in text if line.strip())
