"""An announcement as callers see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Weight(StrEnum):
    """A warning asks the reader to mind something; a notice only tells."""

    NOTICE = "notice"
    WARNING = "warning"


@dataclass(frozen=True)
class AnnouncementSnapshot:
    """One announcement; ``shown`` tells whether people see it at this moment."""

    id: str
    text_zh: str
    text_en: str
    weight: str
    shows_from: datetime
    shows_until: datetime
    made_at: datetime
    ended_at: datetime | None
    shown: bool
