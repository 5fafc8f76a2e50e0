"""Snapshots of documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class DocumentSnapshot:
    """A document without its bytes. ``owner_id`` is None for one of the platform itself."""

    id: str
    owner_id: str | None
    name: str
    size: int
    sha256: str
    media_type: str
    created_at: datetime
