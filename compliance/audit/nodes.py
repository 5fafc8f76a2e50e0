"""The stored nodes of the tree, read as the Merkle functions want them."""

from __future__ import annotations

from compliance.audit.merkle import Node
from compliance.audit.models import AuditLeaf, AuditNode
from core.db import Uow


def stored(uow: Uow) -> Node:
    """A reader of nodes, which keeps what it has read. Raises KeyError for one that is missing."""
    seen: dict[tuple[int, int], bytes] = {}

    def node(level: int, number: int) -> bytes:
        if (level, number) not in seen:
            seen[level, number] = _read(uow, level, number)
        return seen[level, number]

    return node


def _read(uow: Uow, level: int, number: int) -> bytes:
    if level == 0:
        leaf = uow.session.get(AuditLeaf, number)
        found = leaf.leaf_hash if leaf else None
    else:
        row = uow.session.get(AuditNode, (level, number))
        found = row.hash if row else None
    if found is None:
        raise KeyError(f"node {level}/{number} is missing")
    return found
