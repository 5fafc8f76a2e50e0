"""Facts of review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ReviewApproved(Event):
    name: ClassVar[str] = "review.approved"
    subject_id: str
    review_id: str


@dataclass(frozen=True)
class ReviewReturned(Event):
    name: ClassVar[str] = "review.returned"
    subject_id: str
    review_id: str
    reason: str
