"""Describing a file: as a table, an archive, a picture or a sound, or by nothing but its size."""

from __future__ import annotations

import csv
import dataclasses
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

from catalog.profiles import media, reading
from catalog.profiles.lines import Lines
from catalog.profiles.reading import Table
from catalog.profiles.statistics import ColumnStatistics, gather
from catalog.profiles.types import Description, Profile
from compliance.recognisers import PERSONAL, ColumnScan, ScanSummary, find, scan_cells

FIRST_ROWS = 100
MOST_BYTES = 32 << 20
MOST_UNPACKED = 200 << 20
_LONGEST_SHOWN = 200
_MOST_MEMBERS = 100
_MOST_ENTRIES = 100_000
_MOST_FORMATS = 1_000
_TOLD_AFTER = 10_000
FORMATS: dict[str, tuple[str, Callable[[Lines, int], Table]]] = {
    ".csv": ("csv", lambda lines, start: reading.delimited(lines, start, tabs=False)),
    ".tsv": ("tsv", lambda lines, start: reading.delimited(lines, start, tabs=True)),
    ".jsonl": ("jsonl", reading.json_lines),
    ".ndjson": ("jsonl", reading.json_lines),
} | dict.fromkeys((".txt", ".json", ".md", ".xml", ".html", ".yaml"), ("text", reading.plain_lines))
UNREADABLE = (csv.Error, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)


def _silent() -> None:
    """Nobody wants to know how far it is."""


@dataclass
class _Look:
    """How much is looked at: the beginning, ``most`` characters of all tables; or every table to its end.

    Looked at to its end: all rows up to ``most`` characters, then every second up to as many again, and so on.
    """

    most: int
    whole: bool = False
    told: Callable[[], None] = _silent


def describe(path: Path, name: str, *, most: int = MOST_BYTES) -> Description:
    """What the file at ``path``, called ``name``, holds. Never fails over what is inside.

    Only as much is read as ``most`` characters of its tables ask for, however large it is.
    """
    with path.open("rb") as stream:
        return describe_stream(stream, name, most=most)


def describe_stream(stream: BinaryIO, name: str, *, most: int = MOST_BYTES) -> Description:
    """The same of a stream that can seek. A format that is broken inside is told in the facts, as ``unreadable``."""
    return _described(stream, name, _Look(most))


def describe_whole(
    stream: BinaryIO, name: str, *, most: int = MOST_BYTES, told: Callable[[], None] = _silent
) -> Description:
    """The same with every table to its end: all rows are counted, ever fewer looked at. ``told`` is called now."""
    return _described(stream, name, _Look(most, whole=True, told=told))


def _described(stream: BinaryIO, name: str, look: _Look) -> Description:
    ending = PurePath(name).suffix.lower()
    try:
        if ending in FORMATS:
            return _table(stream, ending, look)
        if ending == ".zip":
            return _archive(stream, look)
        return Description(None, media.facts(stream))
    except (*UNREADABLE, UnicodeError) as problem:
        return Description(None, {"unreadable": _told(problem)})


def _told(problem: Exception) -> str:
    return str(problem)[:200] or type(problem).__name__


def _table(stream: BinaryIO, ending: str, look: _Look) -> Description:
    form, read = FORMATS[ending]
    encoding = reading.encoding_of(stream, None if look.whole else look.most)
    lines = Lines(stream, encoding)
    profile = _profile(form, encoding, read(lines, 0), look)
    return Description(profile, {"format": form} | ({"unreadable": lines.broken} if lines.broken else {}))


def profile_of(form: str, encoding: str, table: Table, most: int) -> Profile:
    """A table in numbers, of as many rows as are given."""
    return _profile(form, encoding, table, _Look(most, whole=True))


def _profile(form: str, encoding: str, table: Table, look: _Look) -> Profile:
    names, rows = table
    statistics = [ColumnStatistics(name) for name in names]
    limited = _Limited(rows, look)
    scan = scan_cells(names, gather(statistics, iter(limited)))
    found = {column.name: column for column in scan.columns}
    columns = [each.profile(identifying=_names_people(found.get(each.name))) for each in statistics]
    spare = columns[-1].type == "empty"
    shown = columns[:-1] if spare else columns
    return Profile(
        form, encoding, limited.count, tuple(shown), tuple(_masked(row, names)[: len(shown)] for row in limited.first),
        scan, limited.complete, 0 if spare else scan.rows - columns[-1].nulls,
    )  # fmt: skip


def _names_people(scan: ColumnScan | None) -> bool:
    return scan is not None and any(kind in PERSONAL for kind in scan.counts)


class _Limited:
    """As many rows as the look asks for; keeps the first. ``complete`` is whether that was all of them."""

    def __init__(self, rows: Iterator[list[str]], look: _Look) -> None:
        self._rows, self._look = rows, look
        self.first: list[list[str]] = []
        self.count = 0
        self.complete = True

    def __iter__(self) -> Iterator[list[str]]:
        return self._sampled() if self._look.whole else self._beginning()

    def _beginning(self) -> Iterator[list[str]]:
        for row in self._rows:
            if self._look.most <= 0:
                self.complete = False
                return
            self.count += 1
            self._keep(row)
            self._look.most -= sum(map(len, row))
            yield row

    def _sampled(self) -> Iterator[list[str]]:
        volume, every = 0, 1
        for row in self._rows:
            self.count += 1
            if self.count % _TOLD_AFTER == 0:
                self._look.told()
            if self.count % every:
                continue
            self._keep(row)
            yield row
            volume += sum(map(len, row))
            if volume > self._look.most:
                volume, every = 0, every * 2
        self.complete = every == 1

    def _keep(self, row: list[str]) -> None:
        if len(self.first) < FIRST_ROWS:
            self.first.append([cell[: 4 * _LONGEST_SHOWN] for cell in row])


def _masked(row: list[str], names: list[str]) -> tuple[str, ...]:
    return tuple(_masked_cell(cell, name)[:_LONGEST_SHOWN] for cell, name in zip(row, names, strict=True))


def _masked_cell(cell: str, column: str) -> str:
    parts, reached = [], 0
    for each in find(cell, context=column):
        if each.kind in PERSONAL and each.start >= reached:
            parts += [cell[reached : each.start], each.masked]
            reached = each.stop
    return "".join([*parts, cell[reached:]])


def _archive(stream: BinaryIO, look: _Look) -> Description:
    with zipfile.ZipFile(stream) as packed:
        everything = [entry for entry in packed.infolist() if not entry.is_dir()]
        entries = everything[:_MOST_ENTRIES]
        kinds = Counter(PurePath(entry.filename).suffix.lower() or "—" for entry in entries)
        facts: dict[str, Any] = {
            "format": "zip", "entries": len(entries), "unpacked_bytes": sum(entry.file_size for entry in entries),
            "kinds": dict(kinds.most_common(10)), "formats": _formats(packed, entries),
        }  # fmt: skip
        profiles = list(_members(packed, entries, facts, look))
        if len(everything) > len(entries):
            facts["unread_tables"] = facts.get("unread_tables", 0) + len(everything) - len(entries)
    return Description(_merged(profiles), facts)


def _formats(packed: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> list[str]:
    """The kinds of file inside, by their names, and by the first bytes of those whose names say too little."""
    named = {PurePath(entry.filename).suffix.lower().removeprefix(".") for entry in entries}
    unclear = [entry for entry in entries if PurePath(entry.filename).suffix.lower() not in FORMATS]
    seen: set[str] = set()
    for entry in unclear[:_MOST_MEMBERS]:
        with suppress(*UNREADABLE), packed.open(entry) as member:
            seen.add(media.kind_of(member.read(media.HEAD_BYTES)))
    return sorted({*sorted(named)[:_MOST_FORMATS], *seen} - {""})


def _members(
    packed: zipfile.ZipFile, entries: list[zipfile.ZipInfo], facts: dict[str, Any], look: _Look
) -> Iterator[tuple[str, Profile]]:
    """The tables inside, as far as they are small enough together; what was left out is told."""
    volume, skipped = 0, 0
    tables = [entry for entry in entries if PurePath(entry.filename).suffix.lower() in FORMATS]
    for number, entry in enumerate(tables):
        volume += entry.file_size
        seen_enough = not look.whole and look.most <= 0
        if number >= _MOST_MEMBERS or volume > MOST_UNPACKED or seen_enough or entry.flag_bits & 1:
            skipped += 1
            continue
        try:
            with packed.open(entry) as member:
                stream = cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, member)))
                found = _table(stream, PurePath(entry.filename).suffix.lower(), look)
        except (*UNREADABLE, UnicodeError) as problem:  # the tables beside it can be read all the same
            skipped += 1
            facts["unreadable"] = _told(problem)
            continue
        assert found.profile is not None
        facts |= {name: text for name, text in found.facts.items() if name == "unreadable"}
        yield entry.filename, found.profile
    if skipped:
        facts["unread_tables"] = skipped


def _merged(profiles: list[tuple[str, Profile]]) -> Profile | None:
    """The largest table stands for the archive; the scan covers all of them."""
    if not profiles:
        return None
    _, largest = max(profiles, key=lambda pair: (pair[1].format != "text", pair[1].rows))
    columns = tuple(
        dataclasses.replace(column, name=f"{name}: {column.name}")
        for name, profile in profiles for column in profile.scan.columns
    )  # fmt: skip
    scan = ScanSummary(sum(profile.scan.rows for _, profile in profiles), columns)
    return dataclasses.replace(largest, scan=scan, complete=all(profile.complete for _, profile in profiles))
