"""The sequencer: gives pending entries their place, without gaps, in one transaction each batch.

It takes what stands in the pending table, never "ids greater than the last": ids and sequence values
commit out of order, and a poller of the greatest loses rows.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from sqlalchemy import Table, delete, insert, select, text

from compliance.audit import merkle
from compliance.audit.models import AuditEntry, AuditHead, AuditLeaf, AuditNode, AuditPending
from compliance.audit.nodes import computed
from compliance.audit.verifier import EMPTY_ROOT, leaf_hash
from core.db import Uow
from core.house import House

_BATCH = 100
_INSERT_LEAF = insert(cast(Table, AuditLeaf.__table__))
_INSERT_NODE = insert(cast(Table, AuditNode.__table__))
_LOCK = 0x50_49_41_4F  # one sequencer at a time


def run(house: House) -> int:
    """Sequence one batch; answers how many entries. Takes the writer's place only when something waits."""
    return house.db.write(sequence_batch) if house.db.read(_something_waits) else 0


def _something_waits(uow: Uow) -> bool:
    return uow.session.execute(select(AuditPending.number).limit(1)).first() is not None


def sequence_batch(uow: Uow) -> int:
    if not uow.house.db.sqlite:
        uow.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    pending = uow.session.execute(
        select(AuditPending.number, AuditEntry.id, AuditEntry.body)
        .join(AuditEntry, AuditEntry.id == AuditPending.entry_id)
        .order_by(AuditPending.number)
        .limit(_BATCH)
    ).all()
    if pending:
        _append(uow, [(entry_id, body) for _, entry_id, body in pending])
        uow.session.execute(delete(AuditPending).where(AuditPending.number.in_([number for number, *_ in pending])))
    return len(pending)


def _append(uow: Uow, entries: list[tuple[str, bytes]]) -> None:
    head = uow.session.get(AuditHead, 1)
    if head is None:
        head = AuditHead(id=1, size=0, root=EMPTY_ROOT)
        uow.session.add(head)
    tree = computed(uow, partial(merkle.Frontier, head.size))
    leaves, nodes = [], list[dict[str, object]]()
    for entry_id, body in entries:
        leaf = leaf_hash(body)
        leaves.append({"number": tree.size, "entry_id": entry_id, "leaf_hash": leaf})
        nodes += ({"level": level, "number": n, "hash": made} for level, n, made in tree.append(leaf))
    uow.connection.execute(_INSERT_LEAF, leaves)
    if nodes:
        uow.connection.execute(_INSERT_NODE, nodes)
    head.size, head.root = tree.size, tree.root()
    uow.session.flush()
