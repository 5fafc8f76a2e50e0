"""Top-ups of a prepaid balance by bank transfer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TopUpState(StrEnum):
    RECORDED = "recorded"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


TRANSITIONS: dict[TopUpState, frozenset[TopUpState]] = {
    TopUpState.RECORDED: frozenset({TopUpState.CONFIRMED, TopUpState.REJECTED, TopUpState.CANCELLED}),
    TopUpState.CONFIRMED: frozenset(),
    TopUpState.REJECTED: frozenset(),
    TopUpState.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class TopUp:
    """A transfer seen at the bank; money exists only once a second person confirmed it."""

    id: str
    organisation_id: str
    amount: int
    currency: str
    bank_reference: str
    state: TopUpState
    recorded_by: str
    recorded_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str
    version: int
