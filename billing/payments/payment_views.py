"""HTTP routes of payments through the processor."""

from __future__ import annotations

from typing import Any

import flask

from billing.payments import chargebacks, checkout, queries, refunds
from billing.payments.following import refresh
from billing.payments.schemas import (
    CardRefundIn,
    CardRefundOut,
    ChargebackOut,
    ChargebackPageOut,
    EvidenceIn,
    MethodsOut,
    PaymentIn,
    PaymentOut,
    PaymentPageOut,
)
from billing.payments.types import Purpose
from billing.processor import queries as processor
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery
from core.house import House
from core.problems import Invalid

api = http.Api("card payments")


@api.get("/payment-methods", answer=MethodsOut, summary="How one can pay here, and the card that is kept")
def methods(uow: Uow, actor: Actor) -> Any:
    found = processor.standing(uow.house)
    kept = queries.customer(uow, actor.organisation_id or "")
    return {
        "methods": list(found.methods), "available": found.available, "test": found.test, "fake": found.fake,
        "bank_transfer": True, "saved_card": kept.card_label or None,
    }  # fmt: skip


@api.post(
    "/payments", body=PaymentIn, answer=PaymentOut, status=201, idempotent=True,
    summary="Begin to pay: a top-up, or what is open of an invoice",
)  # fmt: skip
def begin(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    how = {"method": body["method"], "keep_card": body["keep_card"]}
    if body["purpose"] == Purpose.INVOICE:
        if not body["invoice_id"]:
            raise Invalid("Name the invoice.", field="invoice_id")
        return checkout.pay_invoice(uow, actor, invoice_id=body["invoice_id"], **how)
    if body["amount"] is None:
        raise Invalid("Name the amount.", field="amount")
    currency = body["currency"] or uow.house.settings.currency
    return checkout.top_up(uow, actor, amount=body["amount"], currency=currency, **how)


@api.get("/payments", query=PageQuery, answer=PaymentPageOut, summary="Payments, newest first")
def listed(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.payments(uow, actor, **query)


@api.get("/payments/<payment_id>", answer=PaymentOut, summary="One payment")
def show(uow: Uow, actor: Actor, payment_id: str) -> Any:
    return queries.payment(uow, actor, payment_id)


@api.raw(
    "POST", "/payments/<payment_id>/open", answer=PaymentOut,
    summary="Make it known to the processor, or look at it there, now; answers the page where it is paid",
)  # fmt: skip
def open_payment(house: House, actor: Actor, request: flask.Request, payment_id: str) -> flask.Response:
    house.db.read(lambda uow: queries.payment(uow, actor, payment_id))
    found = checkout.proceed(house, payment_id)
    if found.pending:
        refresh(house, payment_id)
    found = house.db.read(lambda uow: queries.payment(uow, actor, payment_id))
    return http.respond(200, http.dump(PaymentOut, found))


@api.post("/payments/<payment_id>/cancel", answer=PaymentOut, idempotent=True, summary="Stop a payment")
def cancel(uow: Uow, actor: Actor, payment_id: str) -> Any:
    return checkout.cancel(uow, actor, payment_id)


@api.post(
    "/payments/<payment_id>/refunds", body=CardRefundIn, answer=CardRefundOut, status=201, idempotent=True,
    summary="Send a part of it back where it came from",
)  # fmt: skip
def refund(uow: Uow, actor: Actor, payment_id: str, body: dict[str, Any]) -> Any:
    return refunds.refund(uow, actor, payment_id, **body)


@api.get("/payments/<payment_id>/refunds", summary="What went back of it")
def list_refunds(uow: Uow, actor: Actor, payment_id: str) -> Any:
    found = queries.refunds_of(uow, queries.payment(uow, actor, payment_id).id)
    return {"items": [http.dump(CardRefundOut, each) for each in found]}


@api.get("/chargebacks", query=PageQuery, answer=ChargebackPageOut, summary="Contested payments, newest first")
def list_chargebacks(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.chargebacks(uow, actor, **query)


@api.get("/chargebacks/<chargeback_id>", answer=ChargebackOut, summary="One contested payment")
def show_chargeback(uow: Uow, actor: Actor, chargeback_id: str) -> Any:
    return queries.chargeback(uow, actor, chargeback_id)


@api.post(
    "/chargebacks/<chargeback_id>/evidence", body=EvidenceIn, answer=ChargebackOut, idempotent=True,
    summary="Answer a contested payment with evidence (finance)",
)  # fmt: skip
def answer(uow: Uow, actor: Actor, chargeback_id: str, body: dict[str, Any]) -> Any:
    return chargebacks.answer(uow, actor, chargeback_id, **body)
