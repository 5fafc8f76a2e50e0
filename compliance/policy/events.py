"""Facts of policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class RelationChanged(Event):
    """An organisation stands otherwise to a thing: invited, bound by an agreement, under contract, or no longer."""

    name: ClassVar[str] = "policy.relation_changed"
    kind: str
    organisation_id: str
    object_id: str


@dataclass(frozen=True)
class PolicyActivated(Event):
    """Other rules hold from now on; whatever was decided for later has to be decided again."""

    name: ClassVar[str] = "policy.policy_activated"
    hash: str
