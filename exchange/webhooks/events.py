"""Facts of webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class EndpointStopped(Event):
    """An endpoint took nothing for days, or said that it is gone: it is told no more."""

    name: ClassVar[str] = "webhooks.endpoint_stopped"
    endpoint_id: str
    organisation_id: str
    version: int
