"""Every row of a file looked at for identifiers, whatever its size: bounded memory, and a state to go on from."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, BinaryIO

from catalog.profiles.description import FORMATS, MOST_BYTES, UNREADABLE, profile_of
from catalog.profiles.tables import MOST_UNPACKED, Place, Source, sources
from catalog.profiles.types import Description, Profile
from compliance.recognisers import ColumnScan, ScanSummary, TableTally
from compliance.recognisers import types as kinds

_MOST_COLUMNS = 2000
OTHERS = "… …"
"""Stands for the columns with findings beyond those that are told one by one."""
_EXAMPLES = 3
_HEAD_ROWS = 1000


class WholeScan:
    """The scan of one file. ``state`` is all that another run needs to go on where this one stood.

    A table that breaks off counts as unread, with what was found in it before; so do those locked by a password, and
    all of them when they unpack to more than is ever read.
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.done = 0
        self.total = 0
        self.rows: int = state.get("rows", 0)
        self.unread: int = state.get("unread", 0)
        self.broken: str = state.get("broken", "")
        self._largest_rows: int = state.get("largest_rows", 0)
        self._place = Place(**state.get("place", {}))
        self._columns = {each["name"]: _column(each) for each in state.get("columns", ())}
        self._begun: Mapping[str, Any] | None = state.get("table")
        self._tally: TableTally | None = None

    def state(self) -> dict[str, Any]:
        """A plain document; asked for when ``reached`` is told."""
        return {
            "rows": self.rows, "unread": self.unread, "broken": self.broken, "largest_rows": self._largest_rows,
            "place": dataclasses.asdict(self._place), "table": self._tally.state() if self._tally else None,
            "columns": [dataclasses.asdict(column) for column in self._columns.values()],
        }  # fmt: skip

    def run(self, stream: BinaryIO, name: str, reached: Callable[[WholeScan], None]) -> None:
        """Look at all that is left; ``reached`` is told now and then. Raises nothing over what is inside."""
        try:
            with sources(stream, name) as found:
                self._run(found, reached)
        except (*UNREADABLE, UnicodeError) as problem:
            self._break(problem)

    def _run(self, found: list[Source], reached: Callable[[WholeScan], None]) -> None:
        self.total = sum(source.size for source in found)
        if self.total > MOST_UNPACKED:
            self.unread = len(found)
            return
        largest = max(found, key=_standing, default=None)
        before = 0
        for source in found:
            if source.number >= self._place.table:
                rows = self._read(source, lambda read, before=before: self._tell(before + read, reached))  # type: ignore[misc]
                if source is largest:
                    self._largest_rows = rows
            before += source.size
        self.done = self.total

    def _tell(self, done: int, reached: Callable[[WholeScan], None]) -> None:
        self.done = min(done, self.total)
        reached(self)

    def _read(self, source: Source, tell: Callable[[int], None]) -> int:
        """One table; answers how many rows it has."""
        start = self._place if self._place.table == source.number and self._begun else None

        def reached(place: Place) -> None:
            self._place = place
            tell(place.offset)

        try:
            if source.closed:
                self.unread += 1
            else:
                with source.rows(start, reached) as (_, names, rows):
                    self._tally = TableTally(names)
                    if start is not None and self._begun is not None:
                        self._tally.go_on(self._begun)
                    self._tally.read(rows)
        except (*UNREADABLE, UnicodeError) as problem:
            self._break(problem)
        return self._end(source)

    def _break(self, problem: Exception) -> None:
        self.unread += 1
        self.broken = str(problem)[:200] or type(problem).__name__

    def _end(self, source: Source) -> int:
        found = self._tally.result() if self._tally else ScanSummary()
        for column in found.columns:
            if column.counts or column.unconfirmed:
                self._add(dataclasses.replace(column, name=source.prefix + column.name))
        self.rows += found.rows
        self.broken = self.broken or self._place.broken
        self._place, self._tally, self._begun = Place(source.number + 1), None, None
        return found.rows

    def _add(self, column: ColumnScan) -> None:
        name = column.name
        if name not in self._columns and len(self._columns) >= _MOST_COLUMNS:
            name = OTHERS
        known = self._columns.get(name, ColumnScan(name))
        self._columns[name] = ColumnScan(
            name, dict(Counter(known.counts) + Counter(column.counts)),
            (known.examples + column.examples)[:_EXAMPLES],
            dict(Counter(known.unconfirmed) + Counter(column.unconfirmed)),
        )  # fmt: skip

    def result(self, stream: BinaryIO, name: str, before: Description) -> Description:
        """The file's description with this scan in the place of the one that saw a part."""
        facts = {key: value for key, value in before.facts.items() if key != "unread_tables"}
        facts |= {"unread_tables": self.unread} if self.unread else {}
        facts |= {"unreadable": self.broken} if self.broken else {}
        table = before.profile or self._head(stream, name)
        if table is None:
            return Description(None, facts)
        scan = ScanSummary(self.rows, tuple(self._columns.values()))
        return Description(dataclasses.replace(table, scan=scan, complete=True), facts)

    def _head(self, stream: BinaryIO, name: str) -> Profile | None:
        """The largest table by its first rows: for an archive of which none was small enough before."""
        try:
            with sources(stream, name) as found:
                source = max((each for each in found if not each.closed), key=_standing, default=None)
                if source is None or not self.rows:
                    return None
                with source.rows() as (_, names, rows):
                    table = names, islice(rows, _HEAD_ROWS)
                    head = profile_of(FORMATS[source.form][0], "", table, MOST_BYTES)
        except (*UNREADABLE, UnicodeError):
            return None
        return dataclasses.replace(head, rows=self._largest_rows)


def _standing(source: Source) -> tuple[bool, int]:
    """The table that stands for an archive: a real one before a text, then the largest."""
    return FORMATS[source.form][0] != "text", source.size


def _column(stored: Mapping[str, Any]) -> ColumnScan:
    return ColumnScan(stored["name"], dict(stored["counts"]), tuple(stored["examples"]), dict(stored["unconfirmed"]))


def kinds_found(scan: ScanSummary) -> dict[str, int]:
    """How many cells hold each kind of identifier."""
    return {str(kind): scan.count(kind) for kind in kinds.Identifier if scan.count(kind)}
