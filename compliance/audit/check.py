"""Verifying the whole log against itself, its checkpoints, and the signer's own head."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from compliance.audit import checkpoints, merkle
from compliance.audit.models import (
    AuditCheckpoint,
    AuditCounter,
    AuditEntry,
    AuditHead,
    AuditLeaf,
    AuditNode,
    AuditPending,
)
from compliance.audit.verifier import EMPTY_ROOT, Malformed, Tampered, leaf_hash, parse_entry, verify_checkpoint
from core.db import Uow
from core.house import House

_CHUNK = 500


def verify_log(house: House) -> list[str]:
    """Every fault found, in words; an empty list is the proof. Reads in short units."""
    return list(_Check(house).faults())


class _Check:
    """One pass over the log, carrying what was computed from the raw bytes alone."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.numbers: dict[str, int] = {}
        self.size = 0

    def faults(self) -> Iterator[str]:
        while True:
            start = self.size
            chunk = self.house.db.read(lambda uow, start=start: _leaves(uow, start))  # type: ignore[misc]
            if not chunk:
                break
            for number, stored_hash, entry_id, body in chunk:
                yield from self._leaf(number, stored_hash, entry_id, body)
        yield from self.house.db.read(self._database)
        yield from self._signer()

    def _leaf(self, number: int, stored_hash: bytes, entry_id: str, body: bytes | None) -> Iterator[str]:
        if number != self.size:
            yield f"entry {self.size} is missing from the log"
            self.size = number
        found = leaf_hash(body or b"")
        if body is None:
            yield f"entry {number} has no bytes"
        elif found != stored_hash:
            yield f"entry {number} does not have the bytes that were logged"
        if body is not None:
            yield from self._content(number, entry_id, body)
        self.nodes[0, number] = stored_hash
        try:
            for level, index, made in merkle.completed_by(number, stored_hash, self._node):
                self.nodes[level, index] = made
        except KeyError:
            yield f"the tree cannot be computed at entry {number}"
        self.size += 1

    def _node(self, level: int, number: int) -> bytes:
        return self.nodes[level, number]

    def _content(self, number: int, entry_id: str, body: bytes) -> Iterator[str]:
        try:
            entry = parse_entry(body)
        except (Tampered, Malformed) as error:
            yield f"entry {number}: {error}"
            return
        if entry["id"] != entry_id:
            yield f"entry {number} stands under another id"
        if entry["origin"] != self.house.settings.log_origin:
            yield f"entry {number} comes from another log"
        # Units may commit in another order than they counted, so numbers are compared as sets at the end.
        self.numbers[entry["object"]] = self.numbers.get(entry["object"], 0) + 1

    def _root(self, size: int) -> bytes | None:
        try:
            return merkle.root(self._node, size)
        except (KeyError, ValueError):
            return None

    def _database(self, uow: Uow) -> list[str]:
        faults: list[str] = []
        head = uow.session.get(AuditHead, 1)
        size, root = (head.size, head.root) if head else (0, EMPTY_ROOT)
        if size != self.size:
            faults.append(f"the head says {size} entries, the log holds {self.size}")
        elif root != self._root(size):
            faults.append("the head's root is not that of the log")
        kept = {(n.level, n.number): n.hash for n in uow.session.execute(select(AuditNode)).scalars()}
        computed = {place: hash_ for place, hash_ in self.nodes.items() if place[0] > 0}
        if kept != computed:
            faults.append(f"{len(kept.items() ^ computed.items())} nodes of the tree are not those of the log")
        faults += self._histories(uow)
        faults += self._strays(uow)
        faults += self._checkpoints(uow)
        return faults

    def _histories(self, uow: Uow) -> list[str]:
        pending = uow.session.execute(
            select(AuditEntry.object_id).join(AuditPending, AuditPending.entry_id == AuditEntry.id)
        ).scalars()
        counted = dict(self.numbers)
        for object_id in pending:
            counted[object_id] = counted.get(object_id, 0) + 1
        given = {row.object_id: row.last for row in uow.session.execute(select(AuditCounter)).scalars()}
        return [
            f"{name}: {counted.get(name, 0)} entries, {given.get(name, 0)} were written"
            for name in sorted(counted.keys() | given.keys())
            if counted.get(name, 0) != given.get(name, 0)
        ]

    def _strays(self, uow: Uow) -> list[str]:
        placed = select(AuditLeaf.entry_id).union_all(select(AuditPending.entry_id))
        strays = uow.session.execute(select(AuditEntry.id).where(AuditEntry.id.not_in(placed))).scalars()
        return [f"{entry_id} is neither in the log nor waiting for it" for entry_id in strays]

    def _checkpoints(self, uow: Uow) -> list[str]:
        key = checkpoints.public_key(self.house)
        faults = []
        for row in uow.session.execute(select(AuditCheckpoint).order_by(AuditCheckpoint.size)).scalars():
            try:
                signed = verify_checkpoint(row.note, key)
            except (Tampered, Malformed) as error:
                faults.append(f"checkpoint {row.size}: {error}")
                continue
            if (signed.size, signed.root) != (row.size, row.root) or row.root != self._root(row.size):
                faults.append(f"checkpoint {row.size} is not of this log")
        return faults

    def _signer(self) -> Iterator[str]:
        try:
            head = checkpoints.signed_head(self.house)
        except (Tampered, Malformed) as error:
            yield f"the signer's head: {error}"
            return
        if head is None:
            if self.house.db.read(lambda uow: uow.session.execute(select(AuditCheckpoint.size)).first()):
                yield "there are checkpoints but the signer's own head is missing"
        elif head.size > self.size:
            yield f"{head.size} entries were signed, the log holds {self.size}: it was set back"
        elif self._root(head.size) != head.root:
            yield "the log is not the one that was signed"


def _leaves(uow: Uow, start: int) -> list[tuple[int, bytes, str, bytes | None]]:
    statement = (
        select(AuditLeaf.number, AuditLeaf.leaf_hash, AuditLeaf.entry_id, AuditEntry.body)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLeaf.entry_id)
        .where(AuditLeaf.number >= start)
        .order_by(AuditLeaf.number)
        .limit(_CHUNK)
    )
    return [(n, h, e, b) for n, h, e, b in uow.session.execute(statement)]
