"""Facts about payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class TopUpRecorded(Event):
    """A transfer waits for its second person."""

    name: ClassVar[str] = "top_up.recorded"
    top_up_id: str
    organisation_id: str


@dataclass(frozen=True)
class TopUpSettled(Event):
    """A top-up was confirmed (the balance rose), rejected or cancelled."""

    name: ClassVar[str] = "top_up.settled"
    top_up_id: str
    organisation_id: str
    state: str
    amount: int
    currency: str
