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


@dataclass(frozen=True)
class ReviewCommented(Event):
    """One side said something to the other; ``side`` is who spoke: reviewer or supplier."""

    name: ClassVar[str] = "review.commented"
    subject_id: str
    review_id: str
    owner_id: str
    side: str
    comment_id: str
