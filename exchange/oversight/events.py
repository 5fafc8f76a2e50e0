"""Facts of oversight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class AlertRaised(Event):
    """Something unusual was seen for the first time."""

    name: ClassVar[str] = "alert.raised"
    alert_id: str
