"""Every row of a file's tables, whatever its size, for whoever must see them all; another run can go on half-way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO, cast

from catalog.profiles import reading
from catalog.profiles.description import FORMATS, UNREADABLE
from catalog.profiles.lines import Lines

MOST_UNPACKED = 20 << 30
_EVERY_BYTES = 4 << 20
_LONGEST_PREFIX = 200
NamedTable = tuple[str, list[str], Iterator[list[str]]]


@dataclass(frozen=True)
class Place:
    """How far a reader has come: ``offset`` bytes into a table, and how that one is read."""

    table: int = 0
    offset: int = 0
    encoding: str = ""
    broken: str = ""


Reached = Callable[[Place], None]


@dataclass(frozen=True)
class Source:
    """A table of a file. ``prefix`` tells those of an archive apart; ``size`` is that of its bytes, unpacked."""

    number: int
    prefix: str
    form: str
    size: int
    packed: zipfile.ZipFile | None
    entry: zipfile.ZipInfo | None
    stream: BinaryIO

    @property
    def closed(self) -> bool:
        """Whether nobody can read it without its password."""
        return self.entry is not None and bool(self.entry.flag_bits & 1)

    @contextmanager
    def rows(self, start: Place | None = None, reached: Reached | None = None) -> Iterator[NamedTable]:
        """Its prefix, the names of its columns, its rows from ``start`` on.

        ``reached`` is told now and then, between two rows, where one could begin again. Raises what a broken format
        raises.
        """
        if self.packed is None or self.entry is None:
            yield self._read(self.stream, start, reached)
            return
        with self.packed.open(self.entry) as member:
            yield self._read(cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, member))), start, reached)

    def _read(self, stream: BinaryIO, start: Place | None, reached: Reached | None) -> NamedTable:
        place = start or Place(self.number)
        encoding = place.encoding or reading.encoding_of(stream)
        lines = Lines(stream, encoding)
        lines.broken = place.broken
        names, rows = FORMATS[self.form][1](lines, place.offset)
        if reached is not None:
            rows = _told(rows, lines, lambda: reached(Place(self.number, lines.reached, encoding, lines.broken)))
        return self.prefix, names, rows


def _told(rows: Iterator[list[str]], lines: Lines, tell: Callable[[], None]) -> Iterator[list[str]]:
    due = lines.reached + _EVERY_BYTES
    for row in rows:
        yield row
        if lines.reached >= due:
            tell()
            due = lines.reached + _EVERY_BYTES
    tell()


@contextmanager
def sources(stream: BinaryIO, name: str) -> Iterator[list[Source]]:
    """The tables and texts of a file, none when it has none. Raises what a broken archive raises."""
    ending = PurePath(name).suffix.lower()
    if ending in FORMATS:
        yield [Source(0, "", ending, stream.seek(0, io.SEEK_END), None, None, stream)]
    elif ending == ".zip":
        with zipfile.ZipFile(stream) as packed:
            yield list(_packed(packed, stream))
    else:
        yield []


def _packed(packed: zipfile.ZipFile, stream: BinaryIO) -> Iterator[Source]:
    for number, entry in enumerate(packed.infolist()):
        inner = PurePath(entry.filename).suffix.lower()
        if inner in FORMATS and not entry.is_dir():
            short = len(entry.filename) <= _LONGEST_PREFIX
            called = entry.filename if short else f"{entry.filename[:_LONGEST_PREFIX]}…{number}"
            yield Source(number, f"{called}: ", inner, entry.file_size, packed, entry, stream)


def unread(stream: BinaryIO, name: str) -> str:
    """Why not everything in the file can be read as tables or text; empty when it can."""
    ending = PurePath(name).suffix.lower()
    if ending in FORMATS:
        return ""
    if ending != ".zip":
        return "not_a_table"
    try:
        with zipfile.ZipFile(stream) as packed:
            return _unread_in(packed)
    except (*UNREADABLE, UnicodeError):
        return "unreadable"


def _unread_in(packed: zipfile.ZipFile) -> str:
    entries = [entry for entry in packed.infolist() if not entry.is_dir()]
    if any(entry.flag_bits & 1 for entry in entries):
        return "unreadable"
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        return "too_large"
    readable = all(PurePath(entry.filename).suffix.lower() in FORMATS for entry in entries)
    return "" if readable else "not_a_table"


def tables(
    stream: BinaryIO, name: str, *, start: Place | None = None, reached: Reached | None = None
) -> Iterator[NamedTable]:
    """The tables of the file, from ``start`` on: a prefix that tells those of an archive apart, column names, rows.

    The rows of one table are read before the next one is asked for. Raises what a broken format raises.
    """
    with sources(stream, name) as found:
        for source in found:
            if not source.closed and (start is None or source.number >= start.table):
                here = start if start is not None and source.number == start.table else None
                with source.rows(here, reached) as table:
                    yield table
