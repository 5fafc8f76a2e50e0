"""Facts about settlement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class PayableReleasedToSupplier(Event):
    """A supplier's share became available."""

    name: ClassVar[str] = "payable.released"
    order_id: str
    supplier_id: str
    share: int
    currency: str
    period: str
