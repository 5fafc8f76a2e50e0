"""What people asked for, in sums."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unfit(StrEnum):
    """Why a query is not kept."""

    NO_WORDS = "no_words"
    TOO_LONG = "too_long"
    NAMES_SOMEBODY = "names_somebody"
    TOO_MANY_DIGITS = "too_many_digits"


@dataclass(frozen=True)
class AskedWords:
    """``times`` somebody asked it, ``nothing`` of them found nothing; ``listings`` of the reader's were shown."""

    words: str
    times: int
    nothing: int = 0
    listings: int = 0
