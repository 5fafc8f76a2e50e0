"""Facts of claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ClaimMade(Event):
    name: ClassVar[str] = "claims.made"
    claim_id: str
    organisation_id: str


@dataclass(frozen=True)
class ClaimDecided(Event):
    """An officer approved or rejected it."""

    name: ClassVar[str] = "claims.decided"
    claim_id: str
    organisation_id: str
    state: str
