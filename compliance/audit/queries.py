"""Reads of the log. Checkpoints and proofs are public; entries only for those whom they concern."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, func, select

from compliance.audit import merkle
from compliance.audit.models import (
    AuditCheckpoint,
    AuditConcern,
    AuditEntry,
    AuditHead,
    AuditLeaf,
    AuditPending,
)
from compliance.audit.nodes import computed
from compliance.policy import Resource, decide
from core.actor import Actor
from core.db import Uow
from core.paging import Page, decode_cursor, encode_cursor
from core.problems import Invalid, NotFound, Sentence


class EntryNotFound(NotFound):
    code, title = "audit_entry_not_found", "There is no such audit entry"


class CheckpointNotFound(NotFound):
    code, title = "checkpoint_not_found", "There is no such checkpoint"


class SizeInvalid(Invalid):
    code, title = "size_invalid", "The log has no such size"


@dataclass(frozen=True)
class CheckpointSnapshot:
    """A signed head: ``note`` is the text that was signed, with its signature."""

    origin: str
    size: int
    root: str
    note: str
    signed_at: datetime


@dataclass(frozen=True)
class EntrySnapshot:
    """An entry in the log; ``number`` counts from 0, ``body`` are its exact bytes as text."""

    number: int
    id: str
    at: datetime
    action: str
    object_id: str
    leaf_hash: str
    body: str

    @property
    def fields(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass(frozen=True)
class ProofSnapshot:
    """An inclusion proof, hashes in hexadecimal."""

    number: int
    size: int
    leaf_hash: str
    root: str
    proof: tuple[str, ...]


def head(uow: Uow) -> tuple[int, str]:
    """How many entries have their place, and the root over them in hexadecimal, signed or not yet."""
    row = uow.session.get(AuditHead, 1)
    return (row.size, row.root.hex()) if row else (0, "")


def unsigned(uow: Uow) -> int:
    """How many entries no checkpoint covers yet, those without a place among them."""
    newest = newest_checkpoint(uow)
    waiting = uow.session.execute(select(func.count()).select_from(AuditPending)).scalar_one()
    return waiting + head(uow)[0] - (newest.size if newest else 0)


def newest_checkpoint(uow: Uow) -> CheckpointSnapshot | None:
    row = uow.session.execute(select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(1)).scalar()
    return _checkpoint(row) if row else None


def checkpoints(uow: Uow, limit: int = 50) -> list[CheckpointSnapshot]:
    """The newest first."""
    statement = select(AuditCheckpoint).order_by(AuditCheckpoint.size.desc()).limit(limit)
    return [_checkpoint(row) for row in uow.session.execute(statement).scalars()]


def checkpoint_sizes(uow: Uow, first: int, last: int, limit: int) -> list[int]:
    """The sizes that were signed from ``first`` to ``last``; the ``limit`` newest of them."""
    between = select(AuditCheckpoint.size).where(AuditCheckpoint.size.between(first, last))
    return list(uow.session.execute(between.order_by(AuditCheckpoint.size.desc()).limit(limit)).scalars())


def _checkpoint(row: AuditCheckpoint) -> CheckpointSnapshot:
    return CheckpointSnapshot(row.note.partition("\n")[0], row.size, row.root.hex(), row.note, row.signed_at)


def sees_all(actor: Actor) -> bool:
    return decide(actor, "audit:see", Resource("audit", "log")).permitted


def _visible(actor: Actor) -> Select[AuditLeaf, AuditEntry]:
    statement = select(AuditLeaf, AuditEntry).join(AuditEntry, AuditEntry.id == AuditLeaf.entry_id)
    if sees_all(actor):
        return statement
    if actor.organisation_id is None:
        return statement.where(false())
    return statement.join(AuditConcern, AuditConcern.entry_id == AuditEntry.id).where(
        AuditConcern.organisation_id == actor.organisation_id
    )


def body_of(uow: Uow, actor: Actor, entry_id: str) -> dict[str, Any]:
    """The fields of an entry that the actor may read, also while it waits for its place. Raises EntryNotFound."""
    statement = select(AuditEntry.body).where(AuditEntry.id == entry_id)
    if not sees_all(actor):
        statement = statement.join(AuditConcern, AuditConcern.entry_id == AuditEntry.id).where(
            AuditConcern.organisation_id == (actor.organisation_id or "")
        )
    body = uow.session.execute(statement).scalar_one_or_none()
    if body is None:
        raise EntryNotFound()
    fields: dict[str, Any] = json.loads(body)
    return fields


def entries(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, object_id: str | None = None
) -> Page[EntrySnapshot]:
    """Entries that the actor may read, newest first."""
    statement = _visible(actor)
    if object_id:
        statement = statement.where(AuditEntry.object_id == object_id)
    if cursor:
        (last,) = decode_cursor(uow.house.keyring, "audit", cursor)
        statement = statement.where(AuditLeaf.number < last)
    found = uow.session.execute(statement.order_by(AuditLeaf.number.desc()).limit(limit + 1)).all()
    shown = [_entry(leaf, entry) for leaf, entry in found[:limit]]
    more = len(found) > limit
    return Page(shown, encode_cursor(uow.house.keyring, "audit", [shown[-1].number]) if more else None)


def entry(uow: Uow, actor: Actor, number: int) -> EntrySnapshot:
    """Raises EntryNotFound, also for one that does not concern the actor."""
    row = uow.session.execute(_visible(actor).where(AuditLeaf.number == number)).first() if number < 1 << 62 else None
    if row is None:
        raise EntryNotFound()
    return _entry(row[0], row[1])


def _entry(leaf: AuditLeaf, row: AuditEntry) -> EntrySnapshot:
    return EntrySnapshot(
        leaf.number, row.id, row.at, row.action, row.object_id, leaf.leaf_hash.hex(), row.body.decode()
    )  # fmt: skip


def numbers(uow: Uow, entry_ids: Iterable[str]) -> dict[str, int]:
    """The places of those entries that are in the log already."""
    statement = select(AuditLeaf.entry_id, AuditLeaf.number).where(AuditLeaf.entry_id.in_(set(entry_ids)))
    return {row.entry_id: row.number for row in uow.session.execute(statement)}


def entry_ids_of(uow: Uow, object_id: str) -> list[str]:
    """The ids of an object's entries, oldest first, in the log or not yet."""
    return list(
        uow.session.execute(
            select(AuditEntry.id).where(AuditEntry.object_id == object_id).order_by(AuditEntry.id)
        ).scalars()
    )


def newest_of(uow: Uow, object_id: str) -> str | None:
    """The id of an object's newest entry, in the log or not yet."""
    own = select(AuditEntry.id).where(AuditEntry.object_id == object_id)
    return uow.session.execute(own.order_by(AuditEntry.id.desc()).limit(1)).scalar()


def bodies(uow: Uow, entry_ids: Iterable[str]) -> list[bytes]:
    """The exact bytes of these entries, in the log or not yet. Asks no policy: for checks and proofs."""
    return list(uow.session.execute(select(AuditEntry.body).where(AuditEntry.id.in_(set(entry_ids)))).scalars())


def number_of_leaf(uow: Uow, leaf: str) -> int:
    """The place of the entry with that leaf hash, in hexadecimal. Raises EntryNotFound."""
    if not re.fullmatch("[0-9a-f]{64}", leaf):
        raise EntryNotFound()
    found = select(AuditLeaf.number).where(AuditLeaf.leaf_hash == bytes.fromhex(leaf)).limit(1)
    number = uow.session.execute(found).scalar()
    if number is None:
        raise EntryNotFound()
    return number


def inclusion(uow: Uow, number: int, size: int | None = None) -> ProofSnapshot:
    """The proof that entry ``number`` stands in the log of ``size`` entries, or of the newest checkpoint."""
    size = _size(uow, size)
    if not 0 <= number < size:
        raise EntryNotFound()
    leaf, root, path = computed(
        uow, lambda node: (node(0, number), merkle.root(node, size), merkle.inclusion_proof(node, number, size))
    )
    return ProofSnapshot(number, size, leaf.hex(), root.hex(), tuple(each.hex() for each in path))


def consistency(uow: Uow, first: int, second: int | None = None) -> tuple[int, list[bytes]]:
    """The second size, and the proof that the log of ``first`` entries is its beginning."""
    second = _size(uow, second)
    if not 0 < first <= second:
        raise SizeInvalid(
            Sentence("Choose sizes from 1 to %(second)s, the smaller first.", second=second), field="first"
        )
    return second, computed(uow, lambda node: merkle.consistency_proof(node, first, second))


def _size(uow: Uow, size: int | None) -> int:
    head = uow.session.get(AuditHead, 1)
    largest = head.size if head else 0
    newest = newest_checkpoint(uow)
    wanted = (newest.size if newest else 0) if size is None else size
    if not 0 <= wanted <= largest:
        raise SizeInvalid(Sentence("The log has %(largest)s entries.", largest=largest), field="size")
    return wanted
