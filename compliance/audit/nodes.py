"""The stored nodes of the tree, read as the Merkle functions want them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy import literal, select

from compliance.audit.merkle import Node
from compliance.audit.models import AuditLeaf, AuditNode
from compliance.audit.verifier import EMPTY_ROOT
from core.db import Uow

T = TypeVar("T")
_Place = tuple[int, int]
"""Level and number."""
_MOST_AT_ONCE = 500


def computed(uow: Uow, compute: Callable[[Node], T]) -> T:
    """What a function makes of the tree's nodes. Which of them it asks for may not depend on what they are: it is asked
    first, all are read at once, then it is called again. Raises KeyError for one that is missing.
    """
    wanted: dict[_Place, None] = {}

    def note(level: int, number: int) -> bytes:
        wanted[level, number] = None
        return EMPTY_ROOT

    compute(note)
    found = _read(uow, list(wanted))

    def node(level: int, number: int) -> bytes:
        if (level, number) not in found:
            raise KeyError(f"node {level}/{number} is missing")
        return found[level, number]

    return compute(node)


def _read(uow: Uow, wanted: Sequence[_Place]) -> dict[_Place, bytes]:
    """Levels and numbers apart, as an index finds them; what is read beside the wanted is little."""
    found: dict[_Place, bytes] = {}
    for start in range(0, len(wanted), _MOST_AT_ONCE):
        part = wanted[start : start + _MOST_AT_ONCE]
        leaves = [number for level, number in part if level == 0]
        chosen = select(literal(0), AuditLeaf.number, AuditLeaf.leaf_hash).where(AuditLeaf.number.in_(leaves))
        levels, numbers = ({place[side] for place in part if place[0]} for side in (0, 1))
        among = AuditNode.level.in_(levels), AuditNode.number.in_(numbers)
        above = select(AuditNode.level, AuditNode.number, AuditNode.hash).where(*among)
        for level, number, node_hash in (*uow.connection.execute(chosen), *uow.connection.execute(above)):
            found[level, number] = node_hash
    return found
