"""Facts of saved searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class SavedSearchFound(Event):
    """A saved search found what it had not found before; ``ids`` are for its organisation's buyers to be told of."""

    name: ClassVar[str] = "search.saved_found"
    search_id: str
    ids: tuple[str, ...]
