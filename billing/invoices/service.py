"""Charging an order and taking the charge back. Called by the trade, in its unit."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, insert, update

from billing.invoices import queries
from billing.invoices.errors import AlreadyCredited, AlreadyInvoiced, InvoiceNotFound, TaxChanged
from billing.invoices.events import CreditNoteIssued, InvoiceIssued
from billing.invoices.models import InvoiceRow, InvoiceSeries
from billing.invoices.rules import freeze, line_of, mirrored
from billing.invoices.types import ISSUER, Invoice, Party, Series
from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, TransactionSnapshot, credit, debit
from compliance.audit.service import record
from compliance.identity.queries import organisations
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.money import exponent, format_amount, rounding_of
from core.problems import Invalid
from core.rows import insert_missing


def charge(
    uow: Uow, *, order_id: str, buyer_id: str, supplier_id: str, listing_id: str,
    description: str | Mapping[str, str], net: int, currency: str, agreed_gross: int | None = None,
    actor: Actor = SYSTEM,
) -> Invoice:  # fmt: skip
    """Invoice an order and take its gross amount from the buyer's prepaid balance.

    The net amount is held for the supplier until ``settlement.release``; the tax is owed by the platform.
    Raises BalanceTooLow when the available balance does not cover the gross amount, AlreadyInvoiced, and
    TaxChanged when the gross amount is no longer ``agreed_gross``; then nothing is changed and no number
    is used. A net amount of zero is invoiced and moves no money.
    """
    exponent(currency)
    if net < 0:
        raise Invalid("A net amount is not negative.", field="net")
    if queries.of_order(uow, order_id):
        raise AlreadyInvoiced(f"{order_id} has an invoice.")
    settings = uow.house.settings
    rounding = rounding_of(settings.tier_profile)
    line = line_of(listing_id, description, net, currency, settings.tax_rate_bp, rounding)
    if agreed_gross is not None and agreed_gross != line.gross:
        raise TaxChanged(hint="Place the order anew.", agreed=format_amount(agreed_gross, currency))
    supplier, buyer = _parties(uow, supplier_id, buyer_id)
    invoice_id = new_id("inv")
    posted = _post_charge(uow, invoice_id, order_id, buyer_id, supplier_id, line.net, line.tax, currency)
    invoice = freeze(
        invoice_id=invoice_id, series=Series.INVOICE, serial=_next_number(uow, Series.INVOICE), order_id=order_id,
        issued_at=uow.now(), supplier=supplier, buyer=buyer, currency=currency,
        lines=(line,), rounding=str(rounding),
    )  # fmt: skip
    _store(uow, actor, invoice, posted)
    uow.emit(InvoiceIssued(invoice.id, order_id, buyer_id, supplier_id, net, currency))
    return invoice


def refund(uow: Uow, *, order_id: str, reason: str, actor: Actor = SYSTEM) -> Invoice:
    """Reverse an order's invoice by a credit note, and give the buyer the gross amount back.

    The credit note mirrors the invoice to the last unit. Raises InvoiceNotFound, AlreadyCredited, and
    PayableReleased once the supplier's share is no longer on hold.
    """
    documents = queries.of_order(uow, order_id)
    if not documents:
        raise InvoiceNotFound(f"{order_id} was not invoiced.")
    if len(documents) > 1:
        raise AlreadyCredited(f"By {documents[1].number}.")
    invoice = documents[0]
    note_id = new_id("crn")
    uow.emit(CreditNoteIssued(note_id, invoice.id, order_id, invoice.buyer.id, invoice.supplier.id))
    posted = _post_refund(uow, note_id, invoice)
    note = freeze(
        invoice_id=note_id, series=Series.CREDIT_NOTE, serial=_next_number(uow, Series.CREDIT_NOTE),
        order_id=order_id, issued_at=uow.now(), supplier=invoice.supplier, buyer=invoice.buyer,
        currency=invoice.currency, lines=tuple(mirrored(line) for line in invoice.lines), rounding=invoice.rounding,
        corrects={"id": invoice.id, "number": invoice.number}, reason=reason,
    )  # fmt: skip
    _store(uow, actor, note, posted)
    return note


def _post_charge(
    uow: Uow, invoice_id: str, order_id: str, buyer_id: str, supplier_id: str, net: int, tax: int, currency: str
) -> list[TransactionSnapshot]:
    if net + tax == 0:
        return []
    receivable = Account(AccountKind.BUYER_RECEIVABLE, buyer_id, currency)
    prepaid = Account(AccountKind.BUYER_PREPAID, buyer_id, currency)
    owed = _owed(supplier_id, net, tax, currency)
    sale = [debit(receivable, net + tax), *(credit(account, amount) for account, amount in owed)]
    paid = [debit(prepaid, net + tax), credit(receivable, net + tax)]
    return post(
        uow,
        [
            Draft(f"invoice:{invoice_id}", TransactionKind.INVOICE, invoice_id, sale, order_id),
            Draft(f"payment:{invoice_id}", TransactionKind.PAYMENT, invoice_id, paid, order_id),
        ],
    )


def _post_refund(uow: Uow, note_id: str, invoice: Invoice) -> list[TransactionSnapshot]:
    if invoice.gross == 0:
        return []
    receivable = Account(AccountKind.BUYER_RECEIVABLE, invoice.buyer.id, invoice.currency)
    prepaid = Account(AccountKind.BUYER_PREPAID, invoice.buyer.id, invoice.currency)
    owed = _owed(invoice.supplier.id, invoice.net, invoice.tax, invoice.currency)
    back = [debit(receivable, invoice.gross), credit(prepaid, invoice.gross)]
    undone = [credit(receivable, invoice.gross), *(debit(account, amount) for account, amount in owed)]
    return post(
        uow,
        [
            Draft(f"refund:{invoice.id}", TransactionKind.REFUND, note_id, back, invoice.order_id),
            Draft(f"credit_note:{invoice.id}", TransactionKind.CREDIT_NOTE, note_id, undone, invoice.order_id),
        ],
    )


def _owed(supplier_id: str, net: int, tax: int, currency: str) -> list[tuple[Account, int]]:
    owed = [
        (Account(AccountKind.SUPPLIER_ON_HOLD, supplier_id, currency), net),
        (Account(AccountKind.TAX_PAYABLE, None, currency), tax),
    ]
    return [(account, amount) for account, amount in owed if amount]


def _next_number(uow: Uow, series: Series) -> int:
    """The next serial; its row stays locked until the unit ends, so a number is used or was never given."""
    serial = _advance(uow, series)
    if serial is None:
        insert_missing(uow, InvoiceSeries, [{"issuer": ISSUER, "series": str(series), "last_number": None}])
        serial = _advance(uow, series)
    assert serial is not None
    return serial


def _advance(uow: Uow, series: Series) -> int | None:
    return uow.session.execute(
        update(InvoiceSeries)
        .where(InvoiceSeries.issuer == ISSUER, InvoiceSeries.series == str(series))
        .values(last_number=func.coalesce(InvoiceSeries.last_number, 0) + 1)
        .returning(InvoiceSeries.last_number)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()


def _parties(uow: Uow, *ids: str) -> list[Party]:
    found = organisations(uow, ids)
    for organisation_id in ids:
        if organisation_id not in found:
            raise Invalid(f"{organisation_id} is not an organisation.", field="organisation_id")
    return [Party(each.id, each.name, each.name_en, each.credit_code) for each in map(found.__getitem__, ids)]


def _store(uow: Uow, actor: Actor, invoice: Invoice, posted: list[TransactionSnapshot]) -> None:
    uow.session.execute(
        insert(InvoiceRow).values(
            id=invoice.id, issuer=ISSUER, series=str(invoice.series), serial=int(invoice.number.partition("-")[2]),
            order_id=invoice.order_id, buyer_id=invoice.buyer.id, supplier_id=invoice.supplier.id,
            currency=invoice.currency, net=invoice.net, tax=invoice.tax, gross=invoice.gross,
            corrects_id=invoice.corrects, issued_at=invoice.issued_at, body=invoice.body, sha256=invoice.sha256,
        )
    )  # fmt: skip
    record(
        uow, actor, action="credit_note:issue" if invoice.corrects else "invoice:issue", object_id=invoice.id,
        data={
            "number": invoice.number, "order": invoice.order_id, "document_sha256": invoice.sha256,
            "currency": invoice.currency, "gross": format_amount(invoice.gross, invoice.currency),
            **{f"{transaction.kind}_sha256": transaction.sha256() for transaction in posted},
        },
        concerns=[invoice.buyer.id, invoice.supplier.id],
    )  # fmt: skip
