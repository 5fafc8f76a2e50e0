"""Paying by card or wallet: begun here, paid on the processor's own page, booked when the processor says it arrived.

Whatever a payment is for, its money arrives on the prepaid balance first and is spent from there in the same unit. So
what arrives late, or twice, or for something that was paid otherwise, is never lost and never counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import select

from billing.invoices import queries as invoices
from billing.invoices.types import Invoice
from billing.payments import queries
from billing.payments.errors import NoCardSaved, NothingToPay, PaymentEnded, PaymentOpen
from billing.payments.models import CustomerRow, PaymentRow
from billing.payments.types import PENDING, Method, Payment, PaymentState, Purpose
from billing.processor import queries as processor
from billing.processor import service as asking
from billing.processor.amounts import AmountNotPayable, to_remote
from billing.processor.types import Deed
from compliance.audit.service import record
from compliance.identity.queries import organisation
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import exponent, format_amount, parse_amount
from core.problems import Invalid, Sentence
from core.rows import insert_missing

RETURN_PATH = "/payments/"
"""Where a payer comes back to: the page of the payment."""


def top_up(
    uow: Uow, actor: Actor, *, amount: str, currency: str, method: str, keep_card: bool = False
) -> Payment:  # fmt: skip
    """Raise the own prepaid balance. Raises what ``begin`` does, AmountInvalid and UnknownCurrency."""
    exponent(currency)
    given = parse_amount(amount, currency, zero=False)
    return begin(
        uow, actor, purpose=Purpose.TOP_UP, method=method, amount=given, currency=currency, keep_card=keep_card
    )


def pay_invoice(uow: Uow, actor: Actor, *, invoice_id: str, method: str, keep_card: bool = False) -> Payment:
    """Pay what is open of an own invoice. Raises what ``begin`` does, InvoiceNotFound and NothingToPay."""
    invoice = invoices.get(uow, actor, invoice_id)
    left = invoices.outstanding(uow, [invoice.id]).get(invoice.id, 0)
    if not left or invoice.buyer_id != actor.organisation_id:
        raise NothingToPay(Sentence("%(number)s is paid.", number=invoice.number))
    return begin(
        uow, actor, purpose=Purpose.INVOICE, method=method, amount=left, currency=invoice.currency,
        subject_id=invoice.id, description=invoice.number, keep_card=keep_card,
    )  # fmt: skip


def charge_kept_card(uow: Uow, invoice: Invoice, amount: int) -> Payment | None:
    """Try the card that the buyer let the processor keep for what is open of an invoice; its owner is not there.

    None when there is no card, no processor, or the invoice is being paid. The worker makes it known and follows it.
    """
    standing = processor.standing(uow.house)
    if Method.CARD not in standing.methods or not queries.customer(uow, invoice.buyer_id).card_id:
        return None
    try:
        return _begin(
            uow, SYSTEM, invoice.buyer_id, Method.SAVED_CARD, None, purpose=Purpose.INVOICE, amount=amount,
            currency=invoice.currency, subject_id=invoice.id, description=invoice.number,
        )  # fmt: skip
    except (PaymentOpen, AmountNotPayable):
        return None


def begin(
    uow: Uow, actor: Actor, *, purpose: Purpose, method: str, amount: int, currency: str, subject_id: str = "",
    description: str = "", keep_card: bool = False,
) -> Payment:  # fmt: skip
    """Begin a payment; it is made known to the processor after this unit, by ``proceed`` or by the worker.

    ``keep_card`` lets the processor keep the card for payments to come. One invoice or order is paid by one payment at
    a time. Raises PolicyRefused, ProcessorUnavailable, NoCardSaved, AmountNotPayable, and PaymentOpen, which names the
    payment that goes on.
    """
    own = actor.organisation_id or ""
    decision = require(actor, "payment:begin", Resource("payment", own, {"owner": actor.organisation_id}))
    return _begin(
        uow, actor, own, _method(uow, own, method), decision, purpose=purpose, amount=amount, currency=currency,
        subject_id=subject_id, description=description, keep_card=keep_card,
    )  # fmt: skip


def _begin(
    uow: Uow, actor: Actor, own: str, chosen: Method, decision: Decision | None, *, purpose: Purpose, amount: int,
    currency: str, subject_id: str = "", description: str = "", keep_card: bool = False,
) -> Payment:  # fmt: skip
    to_remote(amount, currency)
    row = {
        "id": new_id("pmt"), "organisation_id": own, "purpose": str(purpose), "subject_id": subject_id,
        "description": description[:200], "method": str(chosen), "amount": amount, "currency": currency,
        "state": str(PaymentState.PLANNED), "url": "", "session_id": "", "intent_id": "", "charge_id": "", "code": "",
        "message": "",
        "received": 0, "refunded": 0, "refunding": 0, "contested": 0, "begun_by": actor.account_id or "",
        "begun_at": uow.now(), "keep_card": keep_card, "version": 1,
    }  # fmt: skip
    if not insert_missing(uow, PaymentRow, [row]):
        there = queries.pending_of(uow, purpose, subject_id)
        raise PaymentOpen(
            Sentence("By %(payment)s.", payment=there.id if there else ""), hint="Go on with it, or cancel it first.",
            payment=there.id if there else None,
        )  # fmt: skip
    begun = uow.session.get_one(PaymentRow, row["id"])
    _ask_for(uow, begun)
    note(uow, actor, "payment:begin", begun.snapshot(), decision)
    return begun.snapshot()


def proceed(house: House, payment_id: str) -> Payment:
    """Make a payment known to the processor, now. Never inside a unit. Answers it as it stands, which may be planned

    still when the processor does not answer: then the worker goes on.
    """
    payment = house.db.read(lambda uow: queries.load(uow, payment_id))
    for subject in (payment.organisation_id, payment.id):  # the processor must know its customer first
        for attempt_id in house.db.read(partial(processor.planned, subject_ids=[subject])):
            asking.carry_out(house, attempt_id)
    return house.db.read(lambda uow: queries.load(uow, payment_id))


def cancel(uow: Uow, actor: Actor, payment_id: str) -> Payment:
    """Stop a payment that is not paid. One that its payer may be paying at this moment ends when the processor says

    so: paid, or not. Raises PaymentNotFound, PolicyRefused, PaymentEnded.
    """
    found = queries.payment(uow, actor, payment_id)
    decision = require(actor, "payment:cancel", Resource("payment", found.id, {"owner": found.organisation_id}))
    row = uow.session.get_one(PaymentRow, payment_id, with_for_update=True, populate_existing=True)
    if row.state not in PENDING:
        raise PaymentEnded(Sentence("It is %(state)s.", state=row.state), state=row.state)
    if row.state == PaymentState.PLANNED:
        row.state, row.ended_at, row.version = str(PaymentState.CANCELLED), uow.now(), row.version + 1
    elif not processor.is_planned(uow, row.id, Deed.EXPIRE):
        end_remotely(uow, row)
    uow.session.flush()
    note(uow, actor, "payment:cancel", row.snapshot(), decision)
    return row.snapshot()


def end_remotely(uow: Uow, row: PaymentRow) -> None:
    """Ask the processor to take no more money for it."""
    if row.session_id:
        asking.plan(uow, Deed.EXPIRE, row.id, {}, target=row.session_id)
    elif row.intent_id:
        asking.plan(uow, Deed.CANCEL, row.id, {}, target=row.intent_id)


def ask_for_waiting(uow: Uow, organisation_id: str) -> None:
    """The processor knows the organisation now: ask for the payments that waited for it."""
    mine = PaymentRow.organisation_id == organisation_id, PaymentRow.state == PaymentState.PLANNED
    for row in uow.session.execute(select(PaymentRow).where(*mine).order_by(PaymentRow.id)).scalars():
        _ask_for(uow, row)


def note(uow: Uow, actor: Actor, action: str, payment: Payment, decision: Decision | None, **more: str) -> None:
    subject = {"subject": payment.subject_id} if payment.subject_id else {}
    record(
        uow, actor, action=action, object_id=payment.id, object_version=payment.version, decision=decision,
        data={
            "purpose": str(payment.purpose), **subject, "method": str(payment.method), "currency": payment.currency,
            "amount": format_amount(payment.amount, payment.currency), "state": str(payment.state), **more,
        },
        concerns=[payment.organisation_id],
    )  # fmt: skip


def _method(uow: Uow, organisation_id: str, name: str) -> Method:
    if name not in {str(method) for method in Method}:
        raise Invalid(Sentence("Choose one of %(names)s.", names=", ".join(Method)), field="method")
    method = Method(name)
    processor.require_method(uow.house, Method.CARD if method is Method.SAVED_CARD else method)
    if method is Method.SAVED_CARD and not queries.customer(uow, organisation_id).card_id:
        raise NoCardSaved(hint="Pay by card once; it is kept if you say so.", field="method")
    return method


def _ask_for(uow: Uow, row: PaymentRow) -> None:
    customer = queries.customer(uow, row.organisation_id)
    if not customer.remote_id:
        if not processor.is_planned(uow, row.organisation_id, Deed.CUSTOMER):
            asking.plan(uow, Deed.CUSTOMER, row.organisation_id, _customer(uow, row.organisation_id))
    elif not processor.attempts_of(uow, row.id):
        saved = row.method == Method.SAVED_CARD
        params = _intent(row, customer.remote_id, customer.card_id) if saved else _session(uow, row, customer.remote_id)
        asking.plan(uow, Deed.INTENT if saved else Deed.CHECKOUT, row.id, params)


def _customer(uow: Uow, organisation_id: str) -> Mapping[str, Any]:
    """No person's name or address is given to the processor: the payer writes them on its page."""
    found = organisation(uow, organisation_id)
    return {"name": found.name_en or found.name, "metadata": {"organisation": organisation_id}}


def _intent(row: PaymentRow, customer: str, card: str) -> Mapping[str, Any]:
    return {
        "amount": to_remote(row.amount, row.currency), "currency": row.currency.lower(), "customer": customer,
        "payment_method": card, "allowed_payment_method_types": ["card"], "off_session": True, "confirm": True,
        "metadata": {"payment": row.id},
        "description": row.description or row.id,
    }  # fmt: skip


def _session(uow: Uow, row: PaymentRow, customer: str) -> Mapping[str, Any]:
    back = f"{uow.house.settings.web_address}{RETURN_PATH}{row.id}"
    price = {
        "currency": row.currency.lower(), "unit_amount": to_remote(row.amount, row.currency),
        "product_data": {"name": row.description or row.id},
    }  # fmt: skip
    intent: dict[str, Any] = {"metadata": {"payment": row.id}, "description": row.description or row.id}
    params: dict[str, Any] = {
        "mode": "payment", "customer": customer, "client_reference_id": row.id,
        "allowed_payment_method_types": [row.method], "line_items": [{"quantity": 1, "price_data": price}],
        "payment_intent_data": intent, "success_url": f"{back}?back=1", "cancel_url": f"{back}?back=0",
    }  # fmt: skip
    if row.method == Method.WECHAT_PAY:
        params["payment_method_options"] = {"wechat_pay": {"client": "web"}}
    if row.method == Method.CARD and row.keep_card:
        intent["setup_future_usage"] = "off_session"
    return params


def forget_customer(uow: Uow, organisation_id: str) -> None:
    """The processor does not know it any more: the next payment makes it known again."""
    row = uow.session.get(CustomerRow, organisation_id)
    if row is not None:
        uow.session.delete(row)
        uow.session.flush()
