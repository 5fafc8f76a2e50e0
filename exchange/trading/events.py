"""Facts of the trade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class OrderChanged(Event):
    """An order took a step; both parties may have something to do."""

    name: ClassVar[str] = "trading.order_changed"
    order_id: str
    state: str


@dataclass(frozen=True)
class EntitlementChanged(Event):
    """A right was granted, revoked, frozen, released, or has another tier: copies must be brought in line at once."""

    name: ClassVar[str] = "trading.entitlement_changed"
    entitlement_id: str
