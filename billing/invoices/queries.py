"""Reads of invoices. A party sees its own, finance and operators of the platform see all."""

from __future__ import annotations

import hashlib

from sqlalchemy import or_, select, true

from billing.invoices.errors import InvoiceNotFound
from billing.invoices.models import InvoiceRow, InvoiceSeries
from billing.invoices.rules import number_of, thaw
from billing.invoices.types import Invoice, Series
from billing.ledger.queries import receivable_totals
from billing.ledger.types import Discrepancy, TransactionKind
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def get(uow: Uow, actor: Actor, invoice_id: str) -> Invoice:
    """Raises InvoiceNotFound, also for one that the actor may not see."""
    row = uow.session.get(InvoiceRow, invoice_id)
    if row is None or not decide(actor, "ledger:see", _resource(actor, row)).permitted:
        raise InvoiceNotFound()
    return thaw(row.body)


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
    """The invoice of an order and its credit note, if any. Asks no policy: for bundles and settlement."""
    chosen = select(InvoiceRow).where(InvoiceRow.order_id == order_id).order_by(InvoiceRow.id)
    return [thaw(row.body) for row in uow.session.execute(chosen).scalars()]


def check(uow: Uow) -> list[Discrepancy]:
    """Gaps in the numbers and documents that differ from their hash or their row; none is expected."""
    found: list[Discrepancy] = []
    last: dict[str, int] = {}
    for row in uow.session.execute(select(InvoiceRow).order_by(InvoiceRow.series, InvoiceRow.serial)).scalars():
        found += _faults(row, expected=last.get(row.series, 0) + 1)
        last[row.series] = row.serial
    found += _unposted(uow)
    for series in uow.session.execute(select(InvoiceSeries)).scalars():
        if (series.last_number or 0) != last.get(series.series, 0):
            found.append(Discrepancy(series.series, "the last number has no document"))
    return found


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
