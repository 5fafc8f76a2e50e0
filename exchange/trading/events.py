"""Facts of the trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class OrderChanged(Event):
    """An order took a step; both parties may have something to do. ``number`` is that of the step in its story."""

    name: ClassVar[str] = "trading.order_changed"
    order_id: str
    state: str
    action: str
    number: int


@dataclass(frozen=True)
class EntitlementChanged(Event):
    """A right was granted, revoked, frozen, released, or has another tier: copies must be brought in line at once."""

    name: ClassVar[str] = "trading.entitlement_changed"
    entitlement_id: str


@dataclass(frozen=True)
class RightRested(Event):
    """A right rests since the listing's tier, or its holder, changed: it lacks what the tier asks for."""

    name: ClassVar[str] = "trading.right_rested"
    order_id: str
    entitlement_id: str
    lacking: str


@dataclass(frozen=True)
class RightResumed(Event):
    """What a right lacked is there: it can be used again."""

    name: ClassVar[str] = "trading.right_resumed"
    order_id: str
    entitlement_id: str
