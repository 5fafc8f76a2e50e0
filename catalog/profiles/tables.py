"""Profiling a table in one pass and in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from catalog.profiles.types import FIRST_ROWS, Column, Profile
from compliance.recognisers import scan_cells

MOST_COLUMNS = 500
MOST_DISTINCT = 10_000
LONGEST_SHOWN = 500
_SAMPLE_BYTES = 1 << 16
_KEPT_NUMBERS = 50_000
_BINS = 10
_LONGEST_CELL = 1 << 20


class NotATable(Exception):
    """The file cannot be read as the table that its name promises; ``str()`` says why."""


def profile_table(stream: BinaryIO, suffix: str) -> Profile:
    """The profile of a CSV, TSV or JSON-lines file. Raises NotATable."""
    encoding = _encoding(stream)
    try:
        columns, rows = _open(stream, suffix, encoding)
        return _Profiler(columns, encoding).run(rows)
    except (UnicodeDecodeError, csv.Error, ValueError, RecursionError) as error:
        raise NotATable(str(error)[:200]) from None


def _encoding(stream: BinaryIO) -> str:
    """UTF-8 when the beginning is UTF-8, else GB 18030."""
    head = stream.read(_SAMPLE_BYTES)
    stream.seek(0)
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _open(stream: BinaryIO, suffix: str, encoding: str) -> tuple[list[str], Iterator[list[str]]]:
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    if suffix == ".jsonl":
        return _json_lines(text)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text, delimiter="\t" if suffix == ".tsv" else ",", strict=True)
    header = next(reader, None)
    if not header or len(header) > MOST_COLUMNS:
        raise NotATable(f"a table has 1 to {MOST_COLUMNS} columns")
    return [name.strip() or f"column {n + 1}" for n, name in enumerate(header)], (row for row in reader if row)


def _json_lines(text: io.TextIOWrapper) -> tuple[list[str], Iterator[list[str]]]:
    first = next((line for line in text if line.strip()), None)
    record = json.loads(first) if first else None
    if not isinstance(record, dict) or not 1 <= len(record) <= MOST_COLUMNS:
        raise NotATable("a line of JSON lines is an object")
    columns = [str(name) for name in record]

    def rows() -> Iterator[list[str]]:
        yield _cells(record, columns)
        for line in text:
            if line.strip():
                parsed = json.loads(line)
                if not isinstance(parsed, dict):
                    raise NotATable("a line of JSON lines is an object")
                yield _cells(parsed, columns)

    return columns, rows()


def _cells(record: dict[str, object], columns: list[str]) -> list[str]:
    values = (record.get(name) for name in columns)
    return ["" if v is None else v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]


class _Profiler:
    """Counts while the scan for identifiers pulls the rows through."""

    def __init__(self, columns: list[str], encoding: str) -> None:
        self.names = columns
        self.encoding = encoding
        self.counters = [_ColumnCounter(name) for name in columns]
        self.first_rows: list[tuple[str, ...]] = []
        self.cut = 0

    def run(self, rows: Iterator[list[str]]) -> Profile:
        scan = scan_cells(self.names, self._counted(rows))
        return Profile(
            scan.rows, tuple(c.column() for c in self.counters), tuple(self.first_rows), scan, self.encoding, self.cut
        )  # fmt: skip

    def _counted(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        for row in rows:
            cells = (row + [""] * len(self.names))[: len(self.names)]
            for counter, cell in zip(self.counters, cells, strict=True):
                counter.add(cell)
            if len(self.first_rows) < FIRST_ROWS:
                self.cut += sum(len(cell) > LONGEST_SHOWN for cell in cells)
                self.first_rows.append(tuple(cell.replace("\x00", "")[:LONGEST_SHOWN] for cell in cells))
            yield cells


class _ColumnCounter:
    def __init__(self, name: str) -> None:
        self.name = name
        self.nulls = 0
        self.values = 0
        self.whole = 0
        self.numeric = 0
        self.distinct: set[str] | None = set()
        self.numbers: list[float] = []
        self.least: tuple[Decimal | None, str | None] = (None, None)
        self.most: tuple[Decimal | None, str | None] = (None, None)
        self.shortest: str | None = None
        self.longest: str | None = None

    def add(self, cell: str) -> None:
        value = cell.strip()
        if not value:
            self.nulls += 1
            return
        self.values += 1
        self._count_distinct(value)
        self._count_number(value)
        if self.shortest is None or value < self.shortest:
            self.shortest = value
        if self.longest is None or value > self.longest:
            self.longest = value

    def _count_distinct(self, value: str) -> None:
        if self.distinct is not None:
            self.distinct.add(value[:200])
            if len(self.distinct) > MOST_DISTINCT:
                self.distinct = None

    def _count_number(self, value: str) -> None:
        if self.numeric != self.values - 1 or len(value) > 40:
            return  # some value before was no number
        try:
            number = Decimal(value)
        except InvalidOperation:
            return
        if not number.is_finite():
            return
        self.numeric += 1
        self.whole += number == number.to_integral_value() and "." not in value and "e" not in value.lower()
        if len(self.numbers) < _KEPT_NUMBERS:
            self.numbers.append(float(number))
        if self.least[0] is None or number < self.least[0]:
            self.least = (number, value)
        if self.most[0] is None or number > self.most[0]:
            self.most = (number, value)

    def column(self) -> Column:
        numeric = self.values > 0 and self.numeric == self.values
        kind = "empty" if not self.values else "text"
        if numeric:
            kind = "integer" if self.whole == self.values else "decimal"
        least, most = (self.least[1], self.most[1]) if numeric else (self.shortest, self.longest)
        distinct = None if self.distinct is None else len(self.distinct)
        histogram = _histogram(self.numbers) if numeric else ()
        shown = tuple(v[:LONGEST_SHOWN] if v is not None else None for v in (least, most))
        return Column(self.name, kind, self.nulls, distinct, shown[0], shown[1], histogram)


def _histogram(numbers: list[float]) -> tuple[int, ...]:
    low, high = min(numbers), max(numbers)
    if not low < high or high - low == float("inf"):
        return (len(numbers),)
    bins = [0] * _BINS
    for number in numbers:
        bins[min(_BINS - 1, int((number - low) / (high - low) * _BINS))] += 1
    return tuple(bins)
