"""States and snapshots of demands and of what suppliers answer to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class DemandState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"
    REMOVED = "removed"


class AnswerState(StrEnum):
    SENT = "sent"
    TAKEN_UP = "taken_up"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


_REMOVED = {"zh": "已被移除的需求", "en": "A demand that was removed"}


@dataclass(frozen=True)
class DemandSnapshot:
    """What an organisation needs. ``kind`` is empty when either will do; the budget is in minor units, if it is told.

    ``reports`` counts those that nobody has looked at yet.
    """

    id: str
    organisation_id: str
    title: Mapping[str, str]
    details: Mapping[str, str]
    kind: str
    scene: str
    volume: str
    currency: str
    lowest: int | None
    highest: int | None
    until: datetime
    state: str
    reason: str
    reports: int
    version: int
    created_at: datetime
    closed_at: datetime | None = None

    def as_told_to_answerers(self) -> DemandSnapshot:
        """What those who answered it may know of it: once it was removed its state and the reason, none of its texts.

        A text is removed because nobody should read it; whoever answered it is no exception.
        """
        if self.state != DemandState.REMOVED:
            return self
        return replace(self, title=_REMOVED, details={}, volume="")


@dataclass(frozen=True)
class AnswerSnapshot:
    """A supplier's answer: one of its listings, or in words what it could make."""

    id: str
    demand_id: str
    organisation_id: str
    listing_id: str | None
    text: str
    state: str
    reason: str
    created_at: datetime


@dataclass(frozen=True)
class ReportSnapshot:
    """Somebody says that a demand does not belong here."""

    organisation_id: str
    reason: str
    at: datetime
