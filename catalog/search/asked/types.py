"""What people asked for, in sums."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AskedWords:
    """``times`` somebody asked it, ``nothing`` of them found nothing; ``listings`` of the reader's were shown."""

    words: str
    times: int
    nothing: int = 0
    listings: int = 0
