"""Looking at a log: what it shows must grow out of what it showed before, or it is not signed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from compliance.audit import cosignatures, merkle, tiles
from compliance.audit.verifier import (
    Checkpoint,
    Key,
    Malformed,
    Tampered,
    parse_checkpoint,
    verify_checkpoint,
    verify_consistency,
)
from compliance.witness.errors import Forked, LogAway, NotOfThisLog, RolledBack
from compliance.witness.memory import Memory
from compliance.witness.reading import Log


@dataclass(frozen=True)
class Seen:
    """A checkpoint that was cosigned; ``grown`` is by how many entries the log grew since the last one."""

    size: int
    grown: int
    note: str
    cosignature: str


def look(memory: Memory, log: Log, key: Key) -> Seen:
    """Read the log's checkpoint, prove that it continues the last one, remember it, and cosign it.

    The first checkpoint is believed, as its tiles agree with it; from then on nothing is. Raises NotOfThisLog,
    RolledBack, Forked or LogAway, and signs nothing then.
    """
    shown = _signed(log.checkpoint(), key)
    with memory.alone(key.name):
        kept = memory.head(key.name)
        before = parse_checkpoint(kept) if kept else None
        if before:
            _refuse_another_past(memory, before, shown)
        if before is None or shown.size > before.size:
            _prove(memory, log, before, shown)
            memory.keep(key.name, shown.note)
        return _cosigned(memory, before, shown)


def admit(memory: Memory, shown: Checkpoint, proof: list[bytes]) -> Seen:
    """As ``look``, with the proof that the log sent along; call it within ``memory.alone``."""
    kept = memory.head(shown.origin)
    before = parse_checkpoint(kept) if kept else None
    if before:
        _refuse_another_past(memory, before, shown)
        if shown.size > before.size and not _consistent(before, shown, proof):
            _refuse_fork(memory, before, shown)
    memory.keep(shown.origin, shown.note)
    return _cosigned(memory, before, shown)


def _signed(note: str, key: Key) -> Checkpoint:
    try:
        return verify_checkpoint(note, key)
    except (Tampered, Malformed) as error:
        raise NotOfThisLog(str(error)) from None


def _refuse_another_past(memory: Memory, before: Checkpoint, shown: Checkpoint) -> None:
    if shown.size < before.size:
        raise RolledBack(f"the log shows {shown.size} entries, {before.size} were seen")
    if shown.size == before.size and shown.root != before.root:
        _refuse_fork(memory, before, shown)


def _prove(memory: Memory, log: Log, before: Checkpoint | None, shown: Checkpoint) -> None:
    node = tiles.nodes_of(log.tile, shown.size)
    try:
        if before is None or before.size == 0:
            sound = merkle.root(node, shown.size) == shown.root
        else:
            sound = _consistent(before, shown, merkle.consistency_proof(node, before.size, shown.size))
    except tiles.TileMissing as error:
        raise LogAway(f"{error} is cut short") from None
    if before is None and not sound:
        raise NotOfThisLog("the log's tiles are not those of its checkpoint")
    if before is not None and not sound:
        _refuse_fork(memory, before, shown)


def _consistent(before: Checkpoint, shown: Checkpoint, proof: list[bytes]) -> bool:
    if before.size == 0:
        return not proof
    return verify_consistency(before.size, shown.size, before.root, shown.root, proof)


def _refuse_fork(memory: Memory, before: Checkpoint, shown: Checkpoint) -> None:
    path = memory.accuse(shown.origin, shown.size, before.note, shown.note)
    raise Forked(
        f"the log of {shown.size} entries does not continue the one of {before.size} that was seen; both checkpoints "
        f"are kept in {path}"
    )


def _cosigned(memory: Memory, before: Checkpoint | None, shown: Checkpoint) -> Seen:
    key, private = memory.private()
    line = cosignatures.cosign(shown.note, key, private, int(time.time()))
    return Seen(shown.size, shown.size - (before.size if before else 0), shown.note, line)
