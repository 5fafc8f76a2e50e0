"""Snapshots of files and uploads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.profiles import Profile

PART_BYTES = 16 << 20
FORM_BYTES = 64 << 20


@dataclass(frozen=True)
class UploadSnapshot:
    """An upload on its way: ``received`` bytes of ``size`` have come."""

    id: str
    name: str
    size: int
    sha256: str
    received: int
    state: str
    file_id: str | None
    part_bytes: int
    expires_at: datetime


@dataclass(frozen=True)
class FileSnapshot:
    """A file whose length and hash were checked; its profile, when it is a table."""

    id: str
    name: str
    size: int
    sha256: str
    media_type: str
    profile: Profile | None
    facts: dict[str, Any] = field(default_factory=dict)
