"""Reads of invoices. A party sees its own, finance and operators of the platform see all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from billing.invoices.corrections import Rest, rests
from billing.invoices.errors import InvoiceNotFound
from billing.invoices.models import InvoiceRow, InvoiceSeries, OpenInvoice
from billing.invoices.rules import number_of, thaw
from billing.invoices.types import Invoice, OpenSnapshot, Series
from billing.ledger.queries import balances_of_kind, receivable_totals
from billing.ledger.types import Account, AccountKind, Discrepancy, TransactionKind
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

_INVOICES = InvoiceRow.series == str(Series.INVOICE)
_OF_USAGE = InvoiceRow.period.like("____-__")
_OF_FEES = InvoiceRow.period.like("F%")


def get(uow: Uow, actor: Actor, invoice_id: str) -> Invoice:
    """Raises InvoiceNotFound, also for one that the actor may not see."""
    row = uow.session.get(InvoiceRow, invoice_id)
    if row is None or not decide(actor, "ledger:see", _resource(actor, row)).permitted:
        raise InvoiceNotFound()
    return thaw(row.body)


def load(uow: Uow, invoice_id: str) -> Invoice:
    """Asks no policy: for services."""
    return thaw(uow.session.get_one(InvoiceRow, invoice_id).body)


def listed(
    uow: Uow, actor: Actor, *, order_id: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[Invoice]:
    """Invoices and credit notes the actor may see, newest first."""
    own = actor.organisation_id
    require(actor, "ledger:see", Resource("ledger", own or "platform", {"owner": own}))
    party = or_(InvoiceRow.buyer_id == own, InvoiceRow.supplier_id == own) if own else true()
    chosen = select(InvoiceRow).where(party)
    if order_id is not None:
        chosen = chosen.where(InvoiceRow.order_id == order_id)
    page = newest_first(uow, chosen, key=InvoiceRow.id, purpose=f"invoices:{own}", cursor=cursor, limit=limit)
    return convert(page, lambda row: thaw(row.body))


def of_order(uow: Uow, order_id: str) -> list[Invoice]:
    """The invoices of an order and their credit notes, the oldest first. Asks no policy: for bundles and settlement."""
    return _found(uow, InvoiceRow.order_id == order_id)


def taken_off(uow: Uow, order_ids: Iterable[str]) -> dict[str, int]:
    """What coupons took off the invoices of orders, net, by order. Asks no policy: for pages that asked."""
    found: dict[str, int] = {}
    for invoice in _found(uow, InvoiceRow.order_id.in_(set(order_ids)), _INVOICES):
        less = -sum(line.net for line in invoice.lines if line.net < 0)
        found[invoice.order_id] = found.get(invoice.order_id, 0) + less
    return found


def of_buyer(uow: Uow, buyer_id: str, currency: str, *, since: datetime, limit: int = 50) -> list[Invoice]:
    """The invoices of a buyer from a moment on, the oldest first; no credit notes. Asks no policy: for evidence."""
    mine = InvoiceRow.buyer_id == buyer_id, InvoiceRow.currency == currency, _INVOICES, InvoiceRow.issued_at >= since
    return _found(uow, *mine)[:limit]


def charge_of(uow: Uow, order_id: str) -> Invoice | None:
    """The invoice of an order paid at once. Asks no policy: for services."""
    return next(iter(_found(uow, InvoiceRow.order_id == order_id, InvoiceRow.period == "", _INVOICES)), None)


def of_period(uow: Uow, order_id: str, month: str) -> Invoice | None:
    """The invoice of an order's period of usage. Asks no policy: for services."""
    return next(iter(_found(uow, InvoiceRow.order_id == order_id, InvoiceRow.period == month, _INVOICES)), None)


def corrections_of(uow: Uow, invoice_id: str) -> list[Invoice]:
    """The credit notes that correct an invoice, the oldest first. Asks no policy: for services."""
    return _found(uow, InvoiceRow.corrects_id == invoice_id)


def rests_of(uow: Uow, invoice: Invoice) -> list[Rest]:
    """What its credit notes left of each of its lines. Asks no policy: for services."""
    return rests(invoice, corrections_of(uow, invoice.id))


def outstanding(uow: Uow, invoice_ids: Iterable[str]) -> dict[str, int]:
    """What is still to be paid of those invoices that are open. Asks no policy: for pages that asked."""
    chosen = select(OpenInvoice.invoice_id, OpenInvoice.outstanding).where(OpenInvoice.invoice_id.in_(set(invoice_ids)))
    return {row.invoice_id: row.outstanding for row in uow.session.execute(chosen)}


def numbers(uow: Uow, ids: Iterable[str]) -> dict[str, str]:
    """The printed numbers of documents. Asks no policy: for pages and files that asked."""
    chosen = select(InvoiceRow.id, InvoiceRow.series, InvoiceRow.serial).where(InvoiceRow.id.in_(set(ids)))
    return {found: number_of(Series(series), serial) for found, series, serial in uow.session.execute(chosen)}


def open_invoices(uow: Uow, buyer_id: str | None = None) -> list[OpenSnapshot]:
    """Invoices that are not paid in full, the oldest first; of one buyer, if one is named. Asks no policy."""
    chosen = select(OpenInvoice, InvoiceRow.period).join(InvoiceRow, InvoiceRow.id == OpenInvoice.invoice_id)
    if buyer_id is not None:
        chosen = chosen.where(OpenInvoice.buyer_id == buyer_id)
    ordered = chosen.order_by(OpenInvoice.since, OpenInvoice.invoice_id).execution_options(populate_existing=True)
    return [
        OpenSnapshot(
            row.invoice_id, row.order_id, row.buyer_id, row.currency, row.outstanding, row.since, period.startswith("F")
        )
        for row, period in uow.session.execute(ordered)
    ]


def unpaid_fees(uow: Uow, *, beside: Select[str]) -> dict[str, datetime]:
    """By order, since when a fee of it is not paid in full, beside these invoices. Asks no policy: for the worker."""
    chosen = (
        select(OpenInvoice.order_id, func.min(OpenInvoice.since))
        .join(InvoiceRow, InvoiceRow.id == OpenInvoice.invoice_id)
        .where(_OF_FEES, OpenInvoice.invoice_id.not_in(beside))
        .group_by(OpenInvoice.order_id)
    )
    return {str(row[0]): row[1] for row in uow.session.execute(chosen)}


def ids_of_usage(uow: Uow) -> list[str]:
    """All invoices of periods of usage. Asks no policy: for checks."""
    return list(uow.session.execute(select(InvoiceRow.id).where(_OF_USAGE, _INVOICES)).scalars())


def nets(uow: Uow) -> dict[str, int]:
    """Of each invoice, the net amount that its credit note left of it. Asks no policy: for checks."""
    left: dict[str, int] = {}
    for invoice_id, corrects_id, net in uow.session.execute(
        select(InvoiceRow.id, InvoiceRow.corrects_id, InvoiceRow.net)
    ):
        left[corrects_id or invoice_id] = left.get(corrects_id or invoice_id, 0) + net
    return left


def open_buyers(uow: Uow) -> list[tuple[str, str]]:
    """(buyer, currency) of all who have open invoices. Asks no policy: for the worker."""
    chosen = select(OpenInvoice.buyer_id, OpenInvoice.currency).distinct()
    return [(buyer, currency) for buyer, currency in uow.session.execute(chosen.order_by(OpenInvoice.buyer_id))]


def check(uow: Uow) -> list[Discrepancy]:
    """Gaps in the numbers and documents that differ from their hash or their row; none is expected."""
    found: list[Discrepancy] = []
    last: dict[str, int] = {}
    for row in uow.session.execute(select(InvoiceRow).order_by(InvoiceRow.series, InvoiceRow.serial)).scalars():
        found += _faults(row, expected=last.get(row.series, 0) + 1)
        last[row.series] = row.serial
    found += _unposted(uow) + _wrongly_open(uow)
    for series in uow.session.execute(select(InvoiceSeries)).scalars():
        if (series.last_number or 0) != last.get(series.series, 0):
            found.append(Discrepancy(series.series, "the last number has no document"))
    return found


def _found(uow: Uow, *conditions: ColumnElement[bool]) -> list[Invoice]:
    chosen = select(InvoiceRow.body).where(*conditions).order_by(InvoiceRow.issued_at, InvoiceRow.id)
    return [thaw(body) for body in uow.session.execute(chosen).scalars()]


def _wrongly_open(uow: Uow) -> list[Discrepancy]:
    """Buyers whose open invoices differ from what the ledger says they owe."""
    chosen = select(OpenInvoice.buyer_id, OpenInvoice.currency, func.sum(OpenInvoice.outstanding))
    rows = uow.session.execute(chosen.group_by(OpenInvoice.buyer_id, OpenInvoice.currency))
    said = {Account(AccountKind.BUYER_RECEIVABLE, buyer, currency): int(total) for buyer, currency, total in rows}
    owed = balances_of_kind(uow, AccountKind.BUYER_RECEIVABLE)
    return [
        Discrepancy(account.key, f"the open invoices say {said.get(account, 0)}, the ledger {owed.get(account, 0)}")
        for account in sorted({*said, *owed})
        if said.get(account, 0) != owed.get(account, 0)
    ]


def _faults(row: InvoiceRow, *, expected: int) -> list[Discrepancy]:
    number = number_of(Series(row.series), row.serial)
    if row.serial != expected:
        return [Discrepancy(number, "a number before it is missing")]
    if hashlib.sha256(row.body.encode()).hexdigest() != row.sha256:
        return [Discrepancy(number, "the document differs from its hash")]
    said = thaw(row.body)
    if (said.number, said.net, said.tax, said.gross) != (number, row.net, row.tax, row.gross):
        return [Discrepancy(number, "the document differs from its row")]
    return []


def _unposted(uow: Uow) -> list[Discrepancy]:
    """Documents whose gross amount differs from what was posted to the buyer's receivable for them."""
    posted = receivable_totals(uow, TransactionKind.INVOICE) | receivable_totals(uow, TransactionKind.CREDIT_NOTE)
    rows = uow.session.execute(select(InvoiceRow.id, InvoiceRow.gross)).all()
    return [
        Discrepancy(invoice_id, f"the document says {gross}, the ledger {posted.get(invoice_id, 0)}")
        for invoice_id, gross in rows
        if gross != posted.get(invoice_id, 0)
    ]


def _resource(actor: Actor, row: InvoiceRow) -> Resource:
    parties = (row.buyer_id, row.supplier_id)
    owner = actor.organisation_id if actor.organisation_id in parties else row.buyer_id
    return Resource("invoice", row.id, {"owner": owner})
