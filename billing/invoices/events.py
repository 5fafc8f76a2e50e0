"""Facts about invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class InvoiceIssued(Event):
    """An order was invoiced and paid; the net amount is on hold for the supplier."""

    name: ClassVar[str] = "invoice.issued"
    invoice_id: str
    order_id: str
    buyer_id: str
    supplier_id: str
    net: int
    currency: str


@dataclass(frozen=True)
class CreditNoteIssued(Event):
    """An invoice was reversed and the buyer's money is back on the prepaid balance."""

    name: ClassVar[str] = "credit_note.issued"
    credit_note_id: str
    invoice_id: str
    order_id: str
    buyer_id: str
    supplier_id: str
