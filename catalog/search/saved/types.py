"""What a saved search looks like outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SavedSearchSnapshot:
    """What an organisation wants to be told of. ``checked_at`` is None until it was looked at once."""

    id: str
    organisation_id: str
    name: str
    text: str
    filters: Mapping[str, tuple[str, ...]]
    created_at: datetime
    checked_at: datetime | None
