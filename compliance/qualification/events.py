"""Facts of qualification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class QualificationEnding(Event):
    """A qualification ends soon: unless it is handed in again, its level falls to registered."""

    name: ClassVar[str] = "qualification.ending"
    organisation_id: str
    ends_at: str
