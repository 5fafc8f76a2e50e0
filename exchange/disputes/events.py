"""Facts of disputes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class DisputeChanged(Event):
    """A dispute was opened, spoken in, withdrawn or ruled; ``number`` counts what happened to it."""

    name: ClassVar[str] = "dispute.changed"
    dispute_id: str
    order_id: str
    state: str
    deed: str
    number: int
