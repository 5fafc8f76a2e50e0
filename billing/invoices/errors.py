"""What invoices refuse."""

from __future__ import annotations

from core.problems import Conflict, Invalid, NotFound


class InvoiceNotFound(NotFound):
    code, title = "invoice_not_found", "There is no such invoice"


class AlreadyInvoiced(Conflict):
    code, title = "already_invoiced", "This order was already invoiced"


class AlreadyCredited(Conflict):
    code, title = "already_credited", "This invoice was already corrected by a credit note"


class CreditTooLarge(Invalid):
    """``left`` is what may still be taken back."""

    code, title = "credit_too_large", "An invoice is not corrected by more than is left of it"


class TaxChanged(Conflict):
    """The tax rate changed since the price was agreed; nobody is charged another amount than the one agreed to."""

    code, title = "tax_changed", "The tax on this changed since the order was placed"


class NotAnInvoice(Conflict):
    code, title = "not_an_invoice_of_usage", "This is not the invoice of a period of usage"


class LinesNotThere(Invalid):
    code, title = "invoice_lines_unknown", "These are not lines of this invoice"
