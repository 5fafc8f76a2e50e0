"""Settlement follows invoices: in their unit, so that nothing is charged that nobody is owed."""

from __future__ import annotations

from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.settlement import service
from core.house import House


def listen(house: House) -> None:
    house.registry.inline(InvoiceIssued, service.hold)
    house.registry.inline(CreditNoteIssued, service.reverse)
