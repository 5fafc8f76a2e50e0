"""Invoices, credit notes and usage statements: to read, to print, to take along and to verify."""

from __future__ import annotations

import json
from typing import Any

import flask
from marshmallow import Schema
from werkzeug.wrappers import Response

from billing.dunning import queries as dunning
from billing.fapiao import queries as fapiao
from billing.invoices import queries, service
from billing.invoices.types import Invoice
from billing.payments import queries as payments
from billing.payments.types import Purpose
from billing.periods import queries as periods
from billing.periods import statements
from catalog.listings import queries as listings
from compliance.policy import Resource, decide
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError, Invalid, NotFound
from exchange.web import forms
from exchange.web.explain import DecisionText, card
from exchange.web.paying import may_pay, ways_to_pay
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in

_NO_STORE = {"Cache-Control": "private, no-store"}


class CreditForm(Schema):
    reason = TextField(required=True, shortest=3, longest=500)


@pages.get("/invoices/<invoice_id>")
def invoice(invoice_id: str, problem: DomainError | None = None) -> flask.Response:
    signed_in()
    status = problem.status if problem else 200
    return render("money/invoice.html", status, problem=problem, **read(lambda uow: _invoice(uow, invoice_id)))


def _invoice(uow: Uow, invoice_id: str) -> dict[str, Any]:
    found = queries.get(uow, actor(), invoice_id)
    exact = sum(line.usage.amount for line in found.lines if line.usage)
    return {
        "invoice": found, "exact": exact if all(line.usage for line in found.lines) else None,
        "corrections": queries.corrections_of(uow, found.id),
        "outstanding": queries.outstanding(uow, [found.id]).get(found.id, 0), "credit": _may_credit(found),
        "ways": ways_to_pay(uow), "may_pay": may_pay() and found.buyer_id == actor().organisation_id,
        "paying": payments.pending_of(uow, Purpose.INVOICE, found.id),
        "paid_by": payments.succeeded_for(uow, Purpose.INVOICE, found.id),
        "fapiao": fapiao.of_invoice(uow, found.id) if _sees_fapiao(found) else None,
        "fapiao_kinds": fapiao.kinds(uow, found.currency) if _may_ask(found) else {},
        "told": dunning.steps_of(uow, [found.id]).get(found.id, []),
    }  # fmt: skip


def _sees_fapiao(found: Invoice) -> bool:
    resource = Resource("fapiao", found.id, {"owner": found.buyer_id})
    return decide(actor(), "fapiao:see", resource).permitted


def _may_ask(found: Invoice) -> bool:
    resource = Resource("fapiao", found.id, {"owner": found.buyer_id})
    return not found.corrects and decide(actor(), "fapiao:request", resource).permitted


def _may_credit(found: Invoice) -> DecisionText | None:
    """Only what can be credited at all: an invoice of a period of usage."""
    if found.corrects or not found.span:
        return None
    return card(decide(actor(), "invoice:credit", Resource("invoice", found.id, {"owner": found.buyer_id})))


@pages.post("/invoices/<invoice_id>/credit")
@again(invoice)
def credit_invoice(invoice_id: str) -> Response:
    """All of it, or the lines that were ticked."""
    signed_in()
    form = forms.load_lists(CreditForm, ignored=("lines",))
    lines = _lines(flask.request.form.getlist("lines"))
    made = act(lambda uow: service.credit(uow, actor(), invoice_id, reason=form["reason"], lines=lines))
    return done("invoice-credited", "web.invoice", invoice_id=made.id)


def _lines(ticked: list[str]) -> list[int] | None:
    if not all(each.isascii() and each.isdecimal() and len(each) < 6 for each in ticked):
        raise Invalid("Tick lines of this invoice.", field="lines")
    return [int(each) for each in ticked] or None


@pages.get("/invoices/<invoice_id>/statement")
def statement(invoice_id: str) -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        document = periods.statement(uow, actor(), invoice_id)
        title = listings.briefs(uow, [document["listing"]]).get(document["listing"])
        return {"document": document, "listing": title}

    return render("money/statement.html", **read(work))


@pages.get("/invoices/<invoice_id>/statement.<form>")
def statement_file(invoice_id: str, form: str) -> flask.Response:
    """The signed statement as JSON, or its table as CSV: the same that the API answers."""
    signed_in()
    if form not in ("json", "csv"):
        raise NotFound()
    document = read(lambda uow: periods.statement(uow, actor(), invoice_id))
    if form == "csv":
        text = statements.table(document)
    else:
        text = json.dumps(periods.signed_statement(house(), document), ensure_ascii=False, indent=2) + "\n"
    response = flask.Response(text, mimetype="text/csv" if form == "csv" else "application/json", headers=_NO_STORE)
    response.headers["Content-Disposition"] = f'attachment; filename="usage-{document["number"]}.{form}"'
    return response
