"""HTTP routes of invoices."""

from __future__ import annotations

from typing import Any

from billing.invoices import queries, service
from billing.invoices.schemas import CreditIn, InvoiceOut, InvoicePageOut, InvoiceQuery
from core import http
from core.actor import Actor
from core.db import Uow
from core.money import format_amount

api = http.Api("invoices")


@api.get("/invoices", query=InvoiceQuery, answer=InvoicePageOut, summary="Your invoices and credit notes")
def list_invoices(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.listed(uow, actor, **query)


@api.get("/invoices/<invoice_id>", summary="An invoice, its frozen document and hash, and what is still to be paid")
def show_invoice(uow: Uow, actor: Actor, invoice_id: str) -> Any:
    invoice = queries.get(uow, actor, invoice_id)
    left = queries.outstanding(uow, [invoice_id]).get(invoice_id, 0)
    return InvoiceOut().dump(invoice) | {"outstanding": format_amount(left, invoice.currency)}


@api.post(
    "/invoices/<invoice_id>/credit-note", body=CreditIn, answer=InvoiceOut, status=201, idempotent=True,
    summary="Correct an invoice of usage, all of it or some of its lines",
)  # fmt: skip
def credit(uow: Uow, actor: Actor, invoice_id: str, body: dict[str, Any]) -> Any:
    return service.credit(uow, actor, invoice_id, **body)
