"""States and snapshots of a dispute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DisputeState(StrEnum):
    """``open`` waits for the supplier, ``answered`` for the ruling; the others have ended it."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    RULED = "ruled"


class Outcome(StrEnum):
    DISMISSED = "dismissed"
    PART = "part"
    FULL = "full"


NOT_DELIVERED = "not_delivered"
GROUNDS = (NOT_DELIVERED, "incomplete", "not_as_described", "quality", "charged_wrongly", "other")


@dataclass(frozen=True)
class Concern:
    """One invoice that is disputed, all of it or the lines with these numbers; and the credit note of the ruling."""

    invoice_id: str
    period: str
    lines: tuple[int, ...] | None
    credit_note_id: str | None
    credited: int
    currency: str


@dataclass(frozen=True)
class Statement:
    """What one side said, with a file or without. ``sha256`` is the file's."""

    number: int
    side: str
    text: str
    file_name: str
    media_type: str
    size: int
    sha256: str
    at: datetime
    audit_entry_id: str


@dataclass(frozen=True)
class DisputeSnapshot:
    """A dispute as its parties and the officers see it. Amounts are gross, in minor units of ``currency``.

    The supplier answers until ``answer_by``; afterwards the ruling waits no longer for it.
    """

    id: str
    order_id: str
    title: Mapping[str, str]
    buyer_id: str
    supplier_id: str
    state: DisputeState
    ground: str
    files: tuple[str, ...]
    concerns: tuple[Concern, ...]
    currency: str
    asked: int | None
    outcome: Outcome | None
    refunded: int
    ruling: str
    opened_at: datetime
    answer_by: datetime
    ended_at: datetime | None
    version: int

    @property
    def ended(self) -> bool:
        return self.ended_at is not None
