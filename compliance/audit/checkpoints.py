"""The signer: signs what grew out of what it signed before, and nothing else.

Its last signed head lives in a file of its own that no backup of the database holds: a database that
was set back or changed cannot get a signature, whoever asks.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from compliance.audit import epochs, merkle, notes, policies, queries
from compliance.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditLeaf
from compliance.audit.nodes import computed
from compliance.audit.verifier import (
    EMPTY_ROOT,
    Checkpoint,
    Key,
    Malformed,
    Tampered,
    epoch_of,
    leaf_hash,
    parse_checkpoint,
    usage_statement,
    verify_checkpoint,
)
from core.db import Uow
from core.durable import write_whole
from core.house import House
from core.locks import alone_at


class LogInconsistent(Exception):
    """The database's log does not continue the log that was signed: it was set back, forked or changed."""


@dataclass(frozen=True)
class Growth:
    """The log now, proven to continue the signed head, and the largest size in the table of checkpoints."""

    size: int
    root: bytes
    published: int


SIGNING_KEY = "log-signing-key"


def private_key(house: House) -> Ed25519PrivateKey:
    return _private_keys(house)[0]


def _private_keys(house: House) -> list[Ed25519PrivateKey]:
    """The key that signs now and those that signed before, the newest first."""
    return [Ed25519PrivateKey.from_private_bytes(each[:32]) for each in house.keyring.secrets(SIGNING_KEY)]


def signer_of(house: House, note: str) -> Ed25519PrivateKey:
    """The newest key of ours that signed the checkpoint; the present one when none did."""
    origin, keys = parse_checkpoint(note).origin, _private_keys(house)
    return next((each for each in keys if _is_by(note, notes.key_of(origin, each))), keys[0])


def public_key(house: House) -> Key:
    """The key that the platform publishes, under the origin of the present epoch."""
    return notes.key_of(epochs.origin(house), private_key(house))


def verified(house: House, note: str) -> Checkpoint:
    """The checkpoint, signed by a key of ours in whatever epoch of this log. Raises Tampered or Malformed."""
    said = parse_checkpoint(note)
    if epoch_of(said.origin)[0] != house.settings.log_origin:
        raise Tampered(f"检查点属于日志 {said.origin}", f"the checkpoint is of the log {said.origin}")
    return verify_checkpoint(note, notes.key_of(said.origin, signer_of(house, note)))


def _is_by(note: str, key: Key) -> bool:
    try:
        verify_checkpoint(note, key)
    except (Tampered, Malformed):
        return False
    return True


def signed_head(house: House) -> Checkpoint | None:
    """What the signer signed last, from its own file. Raises Tampered or Malformed when the file was changed."""
    note = head_text(house)
    if note is None:
        return None
    if parse_checkpoint(note).origin != epochs.origin(house):
        raise Tampered(
            "签名者所存的检查点属于日志的另一个纪元（epoch），或属于另一个日志",
            "the signer's head is of another epoch of the log, or of another log",
        )
    return verified(house, note)


def head_text(house: House) -> str | None:
    """The signer's own file as it is; None when this machine has none."""
    try:
        return _head_file(house).read_text("utf-8")
    except FileNotFoundError:
        return None


def published(house: House) -> list[str]:
    """All notes that were signed, from the file outside of the database; read, not verified."""
    try:
        parts = _head_file(house).with_name("published.txt").read_text("utf-8", "replace").split("\n\n")
    except FileNotFoundError:
        return []
    return [f"{text}\n\n{signature}\n" for text, signature in zip(parts[::2], parts[1::2], strict=False)]


def sign_usage(house: House, invoice_id: str, statement: bytes) -> str:
    """The signed note that vouches for an invoice's usage statement, in its canonical bytes.

    By former keys too: who keeps such a one need not ask for another.
    """
    name = epochs.origin(house)
    return notes.signed(usage_statement(name, invoice_id, statement), name, *_private_keys(house))


def sign_month(house: House, month: str, document: bytes) -> str:
    """The signed note that vouches for a closed month's trial balance, in its canonical bytes; by former keys too."""
    name, digest = epochs.origin(house), base64.b64encode(hashlib.sha256(document).digest()).decode()
    return notes.signed(f"{name}/month-close\n{month}\n{digest}\n", name, *_private_keys(house))


def sign(house: House) -> bool:
    """Sign the log's head if it grew. Raises LogInconsistent instead of signing anything else."""
    policies.keep(house)
    with alone(house):
        before = signed_head(house)
        growth = house.db.read(lambda uow: _growth(uow, before))
        _publish_again(house, before, growth)
        if growth.size == (before.size if before else 0):
            return False
        _sign(house, growth)
        return True


def sign_first_of_epoch(house: House) -> None:
    """Sign the whole log, computed from its entries' bytes, whatever was signed before: ``reopening`` alone does it.

    The caller holds ``alone``.
    """
    _sign(house, house.db.read(lambda uow: _growth(uow, None, anew=True)))


def publish_kept(house: House) -> None:
    """Put back into the table what was signed of the entries that are still there, and is missing in it."""
    for note in published(house):
        try:
            signed = verified(house, note)
        except (Tampered, Malformed):
            continue
        if not epochs.is_lost(house, signed):
            house.db.write(lambda uow, signed=signed: _publish_if_ours(uow, signed))  # type: ignore[misc]


def _publish_if_ours(uow: Uow, signed: Checkpoint) -> None:
    if computed(uow, lambda node: merkle.root(node, signed.size)) == signed.root:
        _publish(uow, signed)


def _sign(house: House, growth: Growth) -> None:
    """By former keys too: a witness that knows only such a one goes on."""
    note = notes.sign(epochs.origin(house), growth.size, growth.root, *_private_keys(house))
    keep(house, note)
    house.db.write(lambda uow: _publish(uow, parse_checkpoint(note)))


def continues(house: House, before: Checkpoint) -> bool:
    """Whether the database's log continues what was signed there."""
    try:
        house.db.read(lambda uow: _growth(uow, before))
    except LogInconsistent:
        return False
    return True


def _growth(uow: Uow, before: Checkpoint | None, *, anew: bool = False) -> Growth:
    """The log as computed from the signed head and the bytes of every entry since. Raises LogInconsistent."""
    head = uow.session.get(AuditHead, 1)
    size, root = (head.size, head.root) if head else (0, EMPTY_ROOT)
    published = queries.newest_checkpoint(uow)
    if before is None and published is not None and not anew:
        raise LogInconsistent("checkpoints were published, but the signer's own head is missing")
    if before is not None and size < before.size:
        raise LogInconsistent(f"the database holds {size} entries, {before.size} were signed: it was set back")
    tree = _signed_tree(uow, before)
    for number, leaf, body in _since(uow, tree.size):
        if number != tree.size or not isinstance(body, bytes) or leaf_hash(body) != leaf:
            raise LogInconsistent(f"entry {tree.size} is missing, or is not the one that was logged")
        tree.append(leaf)
    if (tree.size, tree.root()) != (size, root):
        raise LogInconsistent("the head is not that of the entries")
    return Growth(size, root, published.size if published else 0)


def _signed_tree(uow: Uow, before: Checkpoint | None) -> merkle.Frontier:
    if before is None:
        return merkle.Frontier()
    try:
        tree = computed(uow, partial(merkle.Frontier, before.size))
    except KeyError as error:
        raise LogInconsistent(f"the signed tree cannot be read: {error}") from None
    if tree.root() != before.root:
        raise LogInconsistent("the log does not continue the one that was signed")
    return tree


def _since(uow: Uow, start: int) -> Iterator[tuple[int, bytes, bytes | None]]:
    statement = (
        select(AuditLeaf.number, AuditLeaf.leaf_hash, AuditEntry.body)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLeaf.entry_id)
        .where(AuditLeaf.number >= start)
        .order_by(AuditLeaf.number)
    )
    for row in uow.session.execute(statement).yield_per(500):
        yield row.number, row.leaf_hash, row.body


def _publish_again(house: House, before: Checkpoint | None, growth: Growth) -> None:
    """Publish what was signed when a crash came between signing and publishing, also when the log grew since."""
    if before is None:
        return
    if growth.published < before.size:
        house.db.write(lambda uow: _publish(uow, before))
    _append_published(house, before.note)


@contextmanager
def alone(house: House) -> Iterator[None]:
    """No signer at work meanwhile, in any process: two of them could sign a larger log before a smaller one."""
    with alone_at(_head_file(house).with_name("lock")):
        yield


def _publish(uow: Uow, checkpoint: Checkpoint) -> None:
    if uow.session.get(AuditCheckpoint, checkpoint.size) is None:
        uow.session.add(
            AuditCheckpoint(
                size=checkpoint.size, root=checkpoint.root, note=checkpoint.note, signed_at=uow.now()
            )
        )  # fmt: skip


def _head_file(house: House) -> Path:
    return house.settings.data / "signer" / "head.txt"


def keep(house: House, note: str) -> None:
    """Remember before publishing: what was signed once must never be unsigned by a crash."""
    write_whole(_head_file(house), note.encode())
    _append_published(house, note)


def _append_published(house: House, note: str) -> None:
    """All checkpoints, outside of the database, to be copied away from this machine."""
    path = _head_file(house).with_name("published.txt")
    with path.open("a+b") as file:
        end = f"{note}\n".encode()
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - len(end)))
        if file.read() != end:
            file.write(end)
            file.flush()
            os.fsync(file.fileno())
