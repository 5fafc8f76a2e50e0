"""The signer: signs what grew out of what it signed before, and nothing else.

Its last signed head lives in a file of its own that no backup of the database holds: a database that
was set back or changed cannot get a signature, whoever asks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from compliance.audit import merkle, notes
from compliance.audit.models import AuditCheckpoint, AuditHead
from compliance.audit.nodes import stored
from compliance.audit.verifier import Checkpoint, Key, parse_checkpoint, verify_checkpoint, verify_consistency
from core.db import Uow
from core.house import House


class LogInconsistent(Exception):
    """The database's log does not continue the log that was signed: it was set back, forked or changed."""


@dataclass(frozen=True)
class Growth:
    """The log now, and the proof that it continues the signed head."""

    size: int
    root: bytes
    proof: list[bytes]


def private_key(house: House) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(house.keyring.secret("log-signing-key")[:32])


def public_key(house: House) -> Key:
    """The key that the platform publishes."""
    return notes.key_of(house.settings.log_origin, private_key(house))


def signed_head(house: House) -> Checkpoint | None:
    """What the signer signed last, from its own file. Raises Tampered or Malformed when the file was changed."""
    try:
        note = _head_file(house).read_text("utf-8")
    except FileNotFoundError:
        return None
    return verify_checkpoint(note, public_key(house))


def sign(house: House) -> bool:
    """Sign the log's head if it grew. Raises LogInconsistent instead of signing anything else."""
    before = signed_head(house)
    growth = house.db.read(lambda uow: _growth(uow, before))
    if growth is None or (before is not None and growth.size == before.size):
        if before is not None:
            house.db.write(lambda uow: _publish(uow, before))
        return False
    if before is not None and not verify_consistency(before.size, growth.size, before.root, growth.root, growth.proof):
        raise LogInconsistent(f"the log of {growth.size} entries does not continue the signed one of {before.size}")
    note = notes.sign(house.settings.log_origin, growth.size, growth.root, private_key(house))
    _keep(house, note)
    house.db.write(lambda uow: _publish(uow, parse_checkpoint(note)))
    return True


def _growth(uow: Uow, before: Checkpoint | None) -> Growth | None:
    head = uow.session.get(AuditHead, 1)
    size = head.size if head else 0
    if before is not None and size < before.size:
        raise LogInconsistent(f"the database holds {size} entries, {before.size} were signed: it was set back")
    if head is None or size == 0:
        return None
    if before is not None and size == before.size and head.root != before.root:
        raise LogInconsistent("the log has another root than the one signed at this size")
    node = stored(uow)
    proof = merkle.consistency_proof(node, before.size, size) if before else []
    return Growth(size, merkle.root(node, size), proof)


def _publish(uow: Uow, checkpoint: Checkpoint) -> None:
    if uow.session.get(AuditCheckpoint, checkpoint.size) is None:
        uow.session.add(
            AuditCheckpoint(
                size=checkpoint.size, root=checkpoint.root, note=checkpoint.note, signed_at=uow.now()
            )
        )  # fmt: skip


def _head_file(house: House) -> Path:
    return house.settings.data / "signer" / "head.txt"


def _keep(house: House, note: str) -> None:
    """Remember before publishing: what was signed once must never be unsigned by a crash."""
    path = _head_file(house)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    with (path.parent / "published.txt").open("a", encoding="utf-8") as file:
        file.write(note + "\n")
