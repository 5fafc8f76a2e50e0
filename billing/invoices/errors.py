"""What invoices refuse."""

from __future__ import annotations

from core.problems import Conflict, NotFound


class InvoiceNotFound(NotFound):
    code, title = "invoice_not_found", "There is no such invoice"


class AlreadyInvoiced(Conflict):
    code, title = "already_invoiced", "This order was already invoiced"


class AlreadyCredited(Conflict):
    code, title = "already_credited", "This invoice was already corrected by a credit note"
