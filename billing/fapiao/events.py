"""Facts about fapiao."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class FapiaoConcluded(Event):
    """A fapiao was issued, or refused with a reason."""

    name: ClassVar[str] = "fapiao.concluded"
    request_id: str
    invoice_id: str
    buyer_id: str
    state: str
    number: str
    reason: str
