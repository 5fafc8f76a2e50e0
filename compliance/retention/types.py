"""Snapshots of retention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Keeping:
    """Why a thing may not be erased: a legal hold, or a term that has not run out. A hold has no end of its own."""

    object_id: str
    basis: str
    until: datetime | None

    @property
    def held(self) -> bool:
        return self.until is None


@dataclass(frozen=True)
class HoldSnapshot:
    """A legal hold on one thing: who placed it and why, and who let it go."""

    id: str
    object_id: str
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str

    @property
    def stands(self) -> bool:
        return self.released_at is None
