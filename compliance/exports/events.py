"""Facts of exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ClearanceRecorded(Event):
    """An officer recorded what allows an exporter to go beyond a threshold."""

    name: ClassVar[str] = "export.cleared"
    organisation_id: str


@dataclass(frozen=True)
class PersonsCounted(Event):
    """The persons in a file of an organisation were counted."""

    name: ClassVar[str] = "export.counted"
    organisation_id: str
