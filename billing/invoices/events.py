"""Facts about invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class InvoiceIssued(Event):
    """An order, or a period of its usage, was invoiced; the net amount is on hold for the supplier.

    ``month`` is the supplier's month that it counts in: the period, or that of the invoice. ``carried`` is what a
    coupon of the platform took off the net amount: its commission is less by that.
    """

    name: ClassVar[str] = "invoice.issued"
    invoice_id: str
    order_id: str
    period: str
    month: str
    buyer_id: str
    supplier_id: str
    listing_id: str
    net: int
    currency: str
    carried: int = 0


@dataclass(frozen=True)
class CreditNoteIssued(Event):
    """An invoice was reversed by so much net, all of it or a part; the buyer gets the money back.

    ``after_release`` is whether the supplier gives it back also when its share was released.
    """

    name: ClassVar[str] = "credit_note.issued"
    credit_note_id: str
    invoice_id: str
    order_id: str
    period: str
    buyer_id: str
    supplier_id: str
    net: int
    after_release: bool
