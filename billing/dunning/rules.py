"""When invoices are due, and which step's time has come. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.dunning.types import AFTER_DUE, LAST_WORD, Step, StepTaken
from billing.invoices.types import OpenSnapshot
from core.settings import Settings


def due_at(open_invoice: OpenSnapshot, settings: Settings) -> datetime:
    """So many days after it was issued; a fee, whose right rests after its days of grace, by then."""
    days = settings.invoice_due_days
    return open_invoice.since + timedelta(days=min(days, settings.fee_grace_days) if open_invoice.of_fee else days)


def step_at(due: datetime, now: datetime) -> Step | None:
    """The newest step whose time has come: those before it are not made up for."""
    return next((step for step in reversed(Step) if due + AFTER_DUE[step] <= now), None)


def is_overdue(taken: StepTaken | None, paused_until: datetime | None, now: datetime) -> bool:
    """Whether an open invoice's last step was taken, and a pause ended, long enough ago for rights to rest."""
    if taken is None or taken.step is not Step.LAST:
        return False
    return max(taken.at, paused_until or taken.at) + LAST_WORD <= now
