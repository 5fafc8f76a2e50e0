"""Facts about invoices that are not paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class InvoiceReminded(Event):
    """A step was taken for an open invoice; ``payment_id`` is the try with a kept card, or empty."""

    name: ClassVar[str] = "invoice.reminded"
    invoice_id: str
    number: str
    buyer_id: str
    step: str
    outstanding: int
    currency: str
    due_at: str
    payment_id: str


@dataclass(frozen=True)
class BuyerOverdue(Event):
    """A buyer's rights by usage rest because of unpaid invoices, or they go on again."""

    name: ClassVar[str] = "buyer.overdue"
    buyer_id: str
    overdue: bool
