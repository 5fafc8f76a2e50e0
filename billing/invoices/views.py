"""HTTP routes of invoices."""

from __future__ import annotations

from typing import Any

from billing.invoices import queries
from billing.invoices.schemas import InvoiceOut, InvoicePageOut, InvoiceQuery
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("invoices")


@api.get("/invoices", query=InvoiceQuery, answer=InvoicePageOut, summary="Your invoices and credit notes")
def list_invoices(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.listed(uow, actor, **query)


@api.get("/invoices/<invoice_id>", answer=InvoiceOut, summary="An invoice, with its frozen document and hash")
def show_invoice(uow: Uow, actor: Actor, invoice_id: str) -> Any:
    return queries.get(uow, actor, invoice_id)
