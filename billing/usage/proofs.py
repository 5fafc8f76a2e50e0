"""Proofs that a single call stands in the log, telling nothing of its neighbours (``docs/formats/usage-proof.md``)."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from billing.usage.models import UsageBatch, UsageHold, UsageRow
from billing.usage.rules import leaf_of
from compliance.audit import merkle
from compliance.audit.verifier import CALL_FORMAT, CALL_VERSION, node_hash
from core.db import Uow


@dataclass(frozen=True)
class CallProof:
    """A record's bytes and salt, and the way from its leaf to the root in its batch's audit entry."""

    call_id: str
    order_id: str
    batch_id: str
    audit_entry_id: str
    root: bytes
    index: int
    count: int
    raw: bytes
    salt: bytes
    path: tuple[bytes, ...]

    def document(self) -> dict[str, Any]:
        """The proof as bundles enclose it and the verifier reads it."""
        return {
            "format": CALL_FORMAT, "version": CALL_VERSION, "call": self.call_id, "batch": self.batch_id,
            "index": self.index, "count": self.count, "record": _text(self.raw), "salt": _text(self.salt),
            "proof": [_text(each) for each in self.path],
        }  # fmt: skip


def proof_of(uow: Uow, row: UsageRow) -> CallProof:
    """The proof of a stored call. Asks no policy."""
    batch = uow.session.get_one(UsageBatch, row.batch_id)
    hold = uow.session.get_one(UsageHold, row.entitlement_id)
    path = merkle.inclusion_proof(_nodes(uow, batch), row.position, batch.count)
    return CallProof(
        call_id=row.call_id, order_id=hold.order_id, batch_id=batch.id, audit_entry_id=batch.audit_entry_id,
        root=batch.root, index=row.position, count=batch.count, raw=row.raw, salt=row.salt, path=tuple(path),
    )  # fmt: skip


def _nodes(uow: Uow, batch: UsageBatch) -> merkle.Node:
    chosen = select(UsageRow.raw, UsageRow.salt).where(UsageRow.batch_id == batch.id).order_by(UsageRow.position)
    levels = [[leaf_of(raw, salt) for raw, salt in uow.session.execute(chosen)]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[n], below[n + 1]) for n in range(0, len(below) - 1, 2)])
    return lambda level, number: levels[level][number]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
