"""What a supplier is owed for one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PayableState(StrEnum):
    ON_HOLD = "on_hold"
    AVAILABLE = "available"
    REVERSED = "reversed"


@dataclass(frozen=True)
class Payable:
    """Commission and the supplier's share sum to the net amount of the order."""

    order_id: str
    supplier_id: str
    invoice_id: str
    currency: str
    net: int
    commission_bp: int
    commission: int
    share: int
    state: PayableState
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class Payables:
    """A supplier's accounts: on hold (net, before the commission is taken) and available."""

    currency: str
    on_hold: int
    available: int
