"""What a line of synonyms looks like outside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SynonymsSnapshot:
    """Words that mean the same, of whatever language."""

    id: str
    words: tuple[str, ...]
    created_at: datetime
