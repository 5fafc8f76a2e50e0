"""Entering in the register what was stopped and what goes on again.

The stop itself is the order's, the listing's, the organisation's own step: it asks policy, and its audit entry is
the register's proof. These functions are called in the same unit.
"""

from __future__ import annotations

from sqlalchemy import update

from compliance.freezes.models import Freeze
from compliance.freezes.types import Frozen
from core.db import Uow
from core.ids import new_id
from core.rows import insert_missing


def enter(uow: Uow, kind: Frozen, object_id: str, *, reason: str) -> None:
    """It stands still from now on; when it does already, nothing changes."""
    row = {
        "id": new_id("frz"), "kind": str(kind), "object_id": object_id, "reason": reason, "placed_at": uow.now(),
        "released_at": None,
    }  # fmt: skip
    insert_missing(uow, Freeze, [row])


def strike(uow: Uow, object_id: str) -> None:
    """It goes on; when it did already, nothing changes."""
    standing = update(Freeze).where(Freeze.object_id == object_id, Freeze.released_at.is_(None))
    uow.session.execute(standing.values(released_at=uow.now()))
