"""Snapshots of freezes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Frozen(StrEnum):
    """What can be stopped."""

    ORDER = "order"
    LISTING = "listing"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class FreezeSnapshot:
    """One freeze, from when until when. Who acted stands in the audit log, by pseudonym."""

    id: str
    kind: str
    object_id: str
    reason: str
    placed_at: datetime
    released_at: datetime | None

    @property
    def stands(self) -> bool:
        return self.released_at is None


@dataclass(frozen=True)
class Link:
    """One entry of the audit log about what was frozen."""

    number: int
    at: datetime
    action: str
    actor: str
    leaf_hash: str


@dataclass(frozen=True)
class Chain:
    """A freeze with every entry of the log about the thing, the newest first."""

    freeze: FreezeSnapshot
    links: tuple[Link, ...]
