"""Facts about imported references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ReferencesChanged(Event):
    """These references are new, changed, released, quarantined or vanished."""

    name: ClassVar[str] = "references.changed"
    ids: tuple[str, ...]


@dataclass(frozen=True)
class ReferencesNarrowed(Event):
    """Everybody could find these references until now; from this unit on nobody may."""

    name: ClassVar[str] = "references.narrowed"
    ids: tuple[str, ...]
