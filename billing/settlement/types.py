"""What a supplier is owed for one invoice."""

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
    """Commission and the supplier's share sum to the net amount of the invoice.

    ``period`` is the month of usage that it is for, empty for an order paid at once; ``month`` is where it
    stands in the supplier's settlement. A negative line takes back what was released before.
    """

    id: str
    order_id: str
    supplier_id: str
    buyer_id: str
    listing_id: str
    invoice_id: str
    period: str
    month: str
    currency: str
    net: int
    commission_bp: int
    commission: int
    share: int
    state: PayableState
    release_at: datetime | None
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class Payables:
    """A supplier's accounts: on hold (net, before the commission is taken) and available."""

    currency: str
    on_hold: int
    available: int


@dataclass(frozen=True)
class SettlementRow:
    """What one customer brought in by one listing in a month: net, the platform's commission, the supplier's share."""

    supplier_id: str
    buyer_id: str
    listing_id: str
    invoices: int
    currency: str
    net: int
    commission: int
    share: int
    on_hold: int
    available: int


@dataclass(frozen=True)
class Settlement:
    """A supplier's month. ``on_hold`` and ``available`` are parts of the share: to be released, and released."""

    month: str
    rows: tuple[SettlementRow, ...]
    currency: str
    net: int
    commission: int
    share: int
    on_hold: int
    available: int
