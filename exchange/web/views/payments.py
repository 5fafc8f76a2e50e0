"""Paying by card and wallet, what goes back, and payments that a bank contests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flask
from marshmallow import Schema, fields
from werkzeug.wrappers import Response

from billing.invoices import queries as invoices
from billing.payments import chargebacks, checkout, following, queries, refunds
from billing.payments.types import Chargeback, ChargebackState, Payment, Purpose
from compliance.identity import queries as identity
from compliance.policy import Resource, decide
from core.db import Uow
from core.fields import TextField
from core.problems import DomainError
from exchange.disputes import contesting
from exchange.trading import funded
from exchange.web import forms
from exchange.web.session import actor, house
from exchange.web.shell import act, again, done, pages, read, render, signed_in
from exchange.web.views.invoices import invoice as invoice_page
from exchange.web.views.money import balance as balance_page
from exchange.web.views.orders import show_order


class MethodForm(Schema):
    method = TextField(required=True, longest=20)
    keep_card = fields.Boolean(load_default=False)


class TopUpByCardForm(MethodForm):
    amount = TextField(required=True, shortest=1, longest=40)


class RefundForm(Schema):
    amount = TextField(required=True, shortest=1, longest=40)
    reason = TextField(required=True, shortest=2, longest=500)


class EvidenceForm(Schema):
    evidence = TextField(required=True, shortest=2, longest=20_000)


@pages.get("/payments")
def payments() -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        page = queries.payments(uow, actor(), cursor=flask.request.args.get("cursor"))
        names = identity.organisations(uow, {each.organisation_id for each in page.items})
        return {"page": page, "names": names}

    return render("payments/list.html", **read(work))


@pages.post("/payments")
@again(balance_page)
def begin_top_up() -> Response:
    signed_in()
    form = forms.load(TopUpByCardForm)
    begun = act(lambda uow: checkout.top_up(uow, actor(), currency=house().settings.currency, **form))
    return _on(begun)


@pages.post("/invoices/<invoice_id>/payments")
@again(invoice_page)
def begin_invoice_payment(invoice_id: str) -> Response:
    signed_in()
    form = forms.load(MethodForm)
    return _on(act(lambda uow: checkout.pay_invoice(uow, actor(), invoice_id=invoice_id, **form)))


@pages.post("/orders/<order_id>/payments")
@again(show_order)
def begin_order_payment(order_id: str) -> Response:
    signed_in()
    form = forms.load(MethodForm)
    return _on(act(lambda uow: funded.begin(uow, actor(), order_id, method=form["method"])))


@pages.get("/payments/<payment_id>")
def payment(payment_id: str, problem: DomainError | None = None) -> flask.Response:
    """One payment; whoever comes back from the processor's page finds it as it stands there."""
    signed_in()
    read(lambda uow: queries.payment(uow, actor(), payment_id))
    if "back" in flask.request.args or flask.request.args.get("done") == "payment-begun":
        checkout.proceed(house(), payment_id)
    if "back" in flask.request.args:
        following.refresh(house(), payment_id)
        funded.pay_funded(house())
    status = problem.status if problem else 200
    return render("payments/show.html", status, problem=problem, form=flask.request.form,
                  **read(lambda uow: _payment(uow, payment_id)))  # fmt: skip


def _payment(uow: Uow, payment_id: str) -> dict[str, Any]:
    found = queries.payment(uow, actor(), payment_id)
    resource = Resource("payment", found.id, {"owner": found.organisation_id})
    may = {step: decide(actor(), f"payment:{step}", resource).permitted for step in ("begin", "cancel", "refund")}
    return {
        "payment": found, "refunds": queries.refunds_of(uow, found.id), "may": may,
        "subject": _subject(uow, found),
        "kept_from": funded.reason_of(uow, found.id) if found.purpose == Purpose.ORDER else None,
        "payer": identity.organisations(uow, {found.organisation_id}).get(found.organisation_id),
        "contested": queries.chargebacks_of(uow, found.id),
    }  # fmt: skip


def _subject(uow: Uow, found: Payment) -> tuple[str, str] | None:
    """Where what is paid stands, and what it is called."""
    if found.purpose == Purpose.INVOICE:
        return f"/invoices/{found.subject_id}", invoices.get(uow, actor(), found.subject_id).number
    return (f"/orders/{found.subject_id}", found.subject_id) if found.purpose == Purpose.ORDER else None


@pages.post("/payments/<payment_id>/cancel")
@again(payment)
def cancel_payment(payment_id: str) -> Response:
    signed_in()
    act(lambda uow: checkout.cancel(uow, actor(), payment_id))
    return done("payment-cancelled", "web.payment", payment_id=payment_id, back=0)


@pages.post("/payments/<payment_id>/refunds")
@again(payment)
def refund_payment(payment_id: str) -> Response:
    signed_in()
    form = forms.load(RefundForm)
    act(lambda uow: refunds.refund(uow, actor(), payment_id, **form))
    return done("payment-refunded", "web.payment", payment_id=payment_id)


@pages.get("/chargebacks")
def contested(problem: DomainError | None = None, chargeback_id: str = "") -> flask.Response:
    signed_in()

    def work(uow: Uow) -> dict[str, Any]:
        page = queries.chargebacks(uow, actor(), cursor=flask.request.args.get("cursor"))
        names = identity.organisations(uow, {each.organisation_id for each in page.items})
        return {"page": page, "names": names, "drafts": _drafts(uow, page.items)}

    status = problem.status if problem else 200
    return render("payments/contested.html", status, problem=problem, form=flask.request.form, at=chargeback_id,
                  **read(work))  # fmt: skip


def _drafts(uow: Uow, found: Sequence[Chargeback]) -> dict[str, str]:
    """What finance may answer with, by contested payment, where nobody has answered."""
    if not actor().platform("finance"):
        return {}
    unanswered = [each.id for each in found if each.state is ChargebackState.OPEN and not each.evidence]
    return {chargeback_id: contesting.drafted(uow, actor(), chargeback_id) for chargeback_id in unanswered}


@pages.post("/chargebacks/<chargeback_id>/evidence")
@again(contested)
def answer_contested(chargeback_id: str) -> Response:
    signed_in()
    form = forms.load(EvidenceForm)
    act(lambda uow: chargebacks.answer(uow, actor(), chargeback_id, evidence=form["evidence"]))
    return done("chargeback-answered", "web.contested")


def _on(begun: Payment) -> Response:
    """To the page of a payment, from which its payer goes on to the processor."""
    return done("payment-begun", "web.payment", payment_id=begun.id)
