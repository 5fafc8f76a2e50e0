"""Reading rows out of files that others made: CSV and its cousins, JSON lines, JSON.

Nothing is skipped in silence. A row is given whole, or its damage is told with its line and reason,
and reading goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.references.csv_rows import CsvReader
from catalog.references.errors import FileRefused
from catalog.references.json_rows import json_lines, json_records
from catalog.references.rows import Damage, FileShape, Row
from core.problems import Sentence

LONGEST_CELL = 200_000
MOST_DAMAGES = 2_000
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_FOREIGN = re.compile(rb"[\x80-\xff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    records = json_lines(text) if shape.format == "jsonl" else json_records(text, shape.records)
    return Table(encoding, lines, (), _checked(records))


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
    raise FileRefused(
        Sentence("The file is not text in %(names)s.", names=" or ".join(encodings)),
        hint="Name its encoding in the mapping.",
    )


def _read_csv(text: str, shape: FileShape) -> tuple[tuple[str, ...], Iterator[Row | Damage]]:
    if "\n" not in text:
        text = text.replace("\r", "\n")
    reader = CsvReader(text, shape.delimiter)
    for _ in range(shape.skip_lines):
        reader.skip_line()
    reader.ragged = shape.ragged
    columns = shape.header or reader.header()
    return columns, _checked(reader.rows(columns))


def _checked(rows: Iterator[Row | Damage]) -> Iterator[Row | Damage]:
    damages = 0
    for row in rows:
        checked = _damage_of(row) or row if isinstance(row, Row) else row
        damages += isinstance(checked, Damage)
        if damages > MOST_DAMAGES:
            raise FileRefused(
                Sentence("More than %(most)s rows cannot be read; is this the right mapping?", most=MOST_DAMAGES)
            )
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
