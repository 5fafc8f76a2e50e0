"""Verifying the whole log from its raw bytes: against itself, its checkpoints, and what the signer remembers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from compliance.audit import checkpoints, epochs, merkle
from compliance.audit.entry import timestamp
from compliance.audit.models import (
    AuditCheckpoint,
    AuditCounter,
    AuditEntry,
    AuditHead,
    AuditLeaf,
    AuditNode,
    AuditPending,
)
from compliance.audit.verifier import (
    EMPTY_ROOT,
    Checkpoint,
    Malformed,
    Tampered,
    leaf_hash,
    parse_entry,
)
from core.db import Uow
from core.house import House

_CHUNK = 500
_Nodes = dict[tuple[int, int], bytes]


def verify_log(house: House) -> list[str]:
    """Every fault found, in words, the earliest entry's first; an empty list is the proof.

    Everything is computed anew from the entries' bytes, in short units while the exchange goes on working.
    """
    return list(_Check(house).faults())


@dataclass(frozen=True)
class _Row:
    """An entry as it is stored; ``number`` and ``leaf`` are None while it waits for its place."""

    number: int | None
    leaf: bytes | None
    entry_id: str
    body: bytes | None
    object_id: str | None
    action: str | None
    at: datetime | None


@dataclass(frozen=True)
class _Rest:
    """One moment of the database: the last entries, and everything that must fit to all of them."""

    rows: list[_Row]
    nodes: _Nodes
    head: tuple[int, bytes]
    node_count: int
    waiting: list[_Row]
    counters: dict[str, int]
    strays: list[str]
    checkpoints: list[tuple[int, bytes, str]]


class _Check:
    """One pass over the log, carrying what was computed from the raw bytes alone."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.tree = merkle.Frontier()
        self.next = 0
        self.whole = True  # no entry is missing, so that roots can be computed
        self.numbers: dict[str, int] = {}
        self.roots: dict[int, bytes] = {0: EMPTY_ROOT}
        self.wanted: set[int] = set()
        self.grown_from = 0  # roots of all larger sizes are kept: checkpoints of them are signed meanwhile
        self.signed: list[Checkpoint] = []

    def faults(self) -> Iterator[str]:
        yield from self._remembered()
        try:
            sizes, self.grown_from = self.house.db.read(_signed_sizes)
            self.wanted |= set(sizes)
            full = True
            while full:
                rows, nodes = self.house.db.read(lambda uow: _chunk(uow, self.next, _CHUNK))
                yield from self._entries(rows, nodes)
                full = len(rows) == _CHUNK
            rest = self.house.db.read(lambda uow: _rest(uow, self.next))
            yield from self._entries(rest.rows, rest.nodes)
            yield from self._database(rest)
        except (SQLAlchemyError, TypeError, ValueError) as error:
            yield f"the log cannot be read from entry {self.next} on: {error}"
            return
        yield from self._against_signed()

    # ---- what the signer remembers, outside of the database

    def _remembered(self) -> Iterator[str]:
        with checkpoints.alone(self.house):  # so that what was signed is in the table too, unless a crash came between
            notes = checkpoints.published(self.house)
            try:
                head = checkpoints.signed_head(self.house)
            except (Tampered, Malformed, ValueError) as error:
                yield f"the signer's head: {error}"
                head = None
        self.signed = [head] if head else []
        for note in notes:
            try:
                signed = checkpoints.verified(self.house, note)
            except (Tampered, Malformed) as error:
                yield f"a published checkpoint: {error}"
                continue
            if not epochs.is_lost(self.house, signed):
                self.signed.append(signed)
        self.wanted = {each.size for each in self.signed}

    def _against_signed(self) -> Iterator[str]:
        largest = max(self.signed, key=lambda each: each.size, default=None)
        if largest and largest.size > self.next:
            yield f"{largest.size} entries were signed, the log holds {self.next}: it was set back"
        wrong = sorted({s.size for s in self.signed if s.size <= self.next and self.roots.get(s.size) != s.root})
        if wrong and self.whole:
            yield f"the log is not the one that was signed: its first {wrong[0]} entries have another root"

    # ---- entries

    def _entries(self, rows: list[_Row], nodes: _Nodes) -> Iterator[str]:
        made: _Nodes = {}
        for row in rows:
            yield from self._leaf(row, made)
        if self.whole:
            yield from _differing(made, nodes)

    def _leaf(self, row: _Row, made: _Nodes) -> Iterator[str]:
        number = row.number or 0
        if number != self.next:
            yield f"entry {self.next} is missing from the log"
            self.whole = False
        self.next = number + 1
        if not isinstance(row.body, bytes):
            yield f"entry {number} has no bytes"
            self.whole = False
            return
        leaf = leaf_hash(row.body)
        if leaf != row.leaf:
            yield f"entry {number} does not have the bytes that were logged"
        yield from self._content(f"entry {number}", row)
        if self.whole:
            made.update({(level, index): node for level, index, node in self.tree.append(leaf)})
            if self.next in self.wanted or self.next >= self.grown_from:
                self.roots[self.next] = self.tree.root()

    def _content(self, name: str, row: _Row) -> Iterator[str]:
        try:
            entry = parse_entry(row.body if isinstance(row.body, bytes) else b"")
        except (Tampered, Malformed) as error:
            yield f"{name}: {error}"
            return
        at = timestamp(row.at) if row.at else None
        stands = (entry["id"], entry["object"], entry["action"], entry["at"])
        if stands != (row.entry_id, row.object_id, row.action, at):
            yield f"{name} stands under another id, object, action or time than its bytes say"
        if entry["origin"] not in epochs.origins_of_entry(self.house, row.number):
            yield f"{name} comes from another log"
        if any(each.kept == row.number and not _opens(entry, each) for each in epochs.later(self.house)):
            yield f"{name} does not open the epoch that begins with it"
        expected = self.numbers.get(entry["object"], 0) + 1
        if entry["object_seq"] != expected:
            yield f"{name} is number {entry['object_seq']} on {entry['object']}, expected was {expected}"
        self.numbers[entry["object"]] = expected

    # ---- the rest of the database, in one unit with the last entries

    def _database(self, rest: _Rest) -> Iterator[str]:
        if self.whole:
            yield from self._head(rest)
        for row in rest.waiting:
            yield from self._content(f"{row.entry_id} (waiting)", row)
        for name in sorted(self.numbers.keys() | rest.counters.keys()):
            found, given = self.numbers.get(name, 0), rest.counters.get(name, 0)
            if found != given:
                yield f"{name}: {found} entries, {given} were written"
        for entry_id in rest.strays:
            yield f"{entry_id} is neither in the log nor waiting for it"
        yield from self._checkpoints(rest.checkpoints)

    def _head(self, rest: _Rest) -> Iterator[str]:
        size, root = rest.head
        if size != self.next:
            yield f"the head says {size} entries, the log holds {self.next}"
        elif root != self.tree.root():
            yield "the head's root is not that of the log"
        expected = self.next - self.next.bit_count()
        if rest.node_count != expected:
            yield f"the tree has {rest.node_count} nodes, the log's has {expected}"

    def _checkpoints(self, rows: list[tuple[int, bytes, str]]) -> Iterator[str]:
        for size, root, note in rows:
            try:
                signed = checkpoints.verified(self.house, note)
            except (Tampered, Malformed) as error:
                yield f"checkpoint {size}: {error}"
                continue
            if (signed.size, signed.root) != (size, root) or (self.whole and self.roots.get(size) != root):
                yield f"checkpoint {size} is not of this log"
        if rows and not self.signed:
            yield "there are checkpoints but the signer's own head is missing"
        missing = sorted({each.size for each in self.signed} - {size for size, _, _ in rows})
        if missing:
            yield f"checkpoint {missing[0]} was signed, but the table does not have it"


def _opens(entry: dict[str, Any], epoch: epochs.Epoch) -> bool:
    return bool(entry["action"] == epochs.OPENED and entry.get("data", {}).get("epoch") == epoch.origin)


def _signed_sizes(uow: Uow) -> tuple[list[int], int]:
    """The sizes of all checkpoints, and that of the log."""
    head = uow.session.get(AuditHead, 1)
    return list(uow.session.execute(select(AuditCheckpoint.size)).scalars()), head.size if head else 0


def _rest(uow: Uow, start: int) -> _Rest:
    rows, nodes = _chunk(uow, start, None)
    head = uow.session.get(AuditHead, 1)
    kept = select(AuditCheckpoint.size, AuditCheckpoint.root, AuditCheckpoint.note).order_by(AuditCheckpoint.size)
    return _Rest(
        rows=rows,
        nodes=nodes,
        head=(head.size, head.root) if head else (0, EMPTY_ROOT),
        node_count=uow.session.execute(select(func.count()).select_from(AuditNode)).scalar_one(),
        waiting=_waiting(uow),
        counters={row.object_id: row.last for row in uow.session.execute(select(AuditCounter)).scalars()},
        strays=_strays(uow),
        checkpoints=[(row.size, row.root, row.note) for row in uow.session.execute(kept)],
    )


def _chunk(uow: Uow, start: int, limit: int | None) -> tuple[list[_Row], _Nodes]:
    rows = _leaves(uow, start, limit)
    return rows, _nodes(uow, start, start + len(rows))


_COLUMNS = (AuditEntry.body, AuditEntry.object_id, AuditEntry.action, AuditEntry.at)


def _leaves(uow: Uow, start: int, limit: int | None) -> list[_Row]:
    statement = (
        select(AuditLeaf.number, AuditLeaf.leaf_hash, AuditLeaf.entry_id, *_COLUMNS)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLeaf.entry_id)
        .where(AuditLeaf.number >= start)
        .order_by(AuditLeaf.number)
        .limit(limit)
    )
    return [_Row(*row) for row in uow.session.execute(statement)]


def _waiting(uow: Uow) -> list[_Row]:
    statement = (
        select(AuditEntry.id, *_COLUMNS)
        .join(AuditPending, AuditPending.entry_id == AuditEntry.id)
        .order_by(AuditPending.number)
    )
    return [_Row(None, None, *row) for row in uow.session.execute(statement)]


def _nodes(uow: Uow, start: int, stop: int) -> _Nodes:
    """The stored nodes that the leaves from ``start`` to ``stop`` completed."""
    levels = range(1, stop.bit_length())
    spans = [
        and_(AuditNode.level == level, AuditNode.number >= start >> level, AuditNode.number < stop >> level)
        for level in levels
    ]
    if not spans:
        return {}
    rows = uow.session.execute(select(AuditNode.level, AuditNode.number, AuditNode.hash).where(or_(*spans)))
    return {(level, number): found for level, number, found in rows}


def _differing(made: _Nodes, kept: _Nodes) -> list[str]:
    wrong = sorted(place for place in made.keys() | kept.keys() if made.get(place) != kept.get(place))
    if not wrong:
        return []
    level, number = wrong[0]
    first = number << level
    return [f"{len(wrong)} nodes of the tree are not those of the entries, the first above entry {first}"]


def _strays(uow: Uow) -> list[str]:
    placed = select(AuditLeaf.entry_id).union_all(select(AuditPending.entry_id))
    return list(uow.session.execute(select(AuditEntry.id).where(AuditEntry.id.not_in(placed))).scalars())
