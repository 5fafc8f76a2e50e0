"""Snapshots of documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_BYTES = 16 << 20
"""Of one document."""
MOST_DOCUMENTS = 1_000
MOST_BYTES_TOGETHER = 2 << 30
"""Of all that one organisation handed in."""


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
