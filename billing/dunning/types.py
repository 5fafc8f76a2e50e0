"""The steps by which an invoice that is not paid is told of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """In their order."""

    BEFORE = "before"
    DUE = "due"
    LATE = "late"
    LAST = "last"


AFTER_DUE = {
    Step.BEFORE: timedelta(days=-3),
    Step.DUE: timedelta(),
    Step.LATE: timedelta(days=7),
    Step.LAST: timedelta(days=14),
}
"""When each step's time has come, seen from the day on which the invoice is due."""
CHARGED = frozenset({Step.DUE, Step.LATE, Step.LAST})
"""The steps at which a kept card is tried."""
LAST_WORD = timedelta(days=1)
"""So long after the last step was told, and not before, rights by usage rest."""


@dataclass(frozen=True)
class StepTaken:
    """A step that was taken for an invoice, what was open of it then, and the payment that was tried."""

    invoice_id: str
    step: Step
    at: datetime
    outstanding: int
    payment_id: str | None
