"""What the processor says of payments, and what follows from it. State counts, not the order in which it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from billing.invoices import service as invoices
from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, credit, debit
from billing.payments import chargebacks, checkout, queries
from billing.payments.events import PaymentEndedUnpaid, PaymentSucceeded, PaymentWantsConfirmation
from billing.payments.models import CustomerRow, PaymentRow
from billing.payments.types import PENDING, PaymentState, Purpose
from billing.processor.amounts import from_remote
from billing.processor.client import id_of
from billing.processor.errors import RemoteRefusal, RemoteUnknown
from billing.processor.events import AttemptDone, AttemptRefused
from billing.processor.service import follow
from billing.processor.types import Deed, Kind
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from core.rows import insert_missing, locked

_FIRST_LOOK = timedelta(seconds=60)
_LATEST_LOOK = timedelta(hours=1)
_GONE, _TO_CONFIRM = "resource_missing", "requires_action"


def done(uow: Uow, event: AttemptDone) -> None:
    """The processor did what was asked for a payment or a customer."""
    if event.deed == Deed.CUSTOMER:
        insert_missing(uow, CustomerRow, [_customer_row(event)])
        checkout.ask_for_waiting(uow, event.subject_id)
    elif event.deed == Deed.CHECKOUT:
        _session_made(uow, event)
    elif event.deed == Deed.INTENT:
        intent_told(uow, event.remote)
    elif event.deed == Deed.EXPIRE:
        _close(uow, _row(uow, event.subject_id), PaymentState.CANCELLED, "cancelled", "")


def refused(uow: Uow, event: AttemptRefused) -> None:
    """The processor will not take the payment; or it cannot be stopped any more, and is looked at."""
    if event.deed == Deed.CUSTOMER:
        for row in _waiting(uow, event.subject_id):
            _close(uow, row, PaymentState.FAILED, event.code, event.message)
    elif event.deed in (Deed.CHECKOUT, Deed.INTENT):
        row = _row(uow, event.subject_id)
        if event.code == _GONE:
            checkout.forget_customer(uow, row.organisation_id)
        _close(uow, row, PaymentState.FAILED, event.code, event.message)
    elif event.deed in (Deed.EXPIRE, Deed.CANCEL):
        _row(uow, event.subject_id).look_at = uow.now()


def session_told(uow: Uow, session: Mapping[str, Any]) -> None:
    """A hosted page was paid, ran out, or is open still."""
    row = locked(uow, PaymentRow, PaymentRow.session_id == session["id"]) or _by_mark(
        uow, session.get("client_reference_id")
    )
    if row is None:
        return
    row.session_id = row.session_id or str(session["id"])
    intent = session.get("payment_intent")
    if session["status"] == "complete" and session["payment_status"] == "paid":
        _succeed(uow, row, intent, session["amount_total"], session["currency"])
        if isinstance(intent, Mapping):
            _keep_card(uow, row, intent)
    elif session["status"] == "expired":
        _close(uow, row, PaymentState.EXPIRED, "expired", "")
    elif isinstance(intent, Mapping):
        _tell(uow, row, intent)


def intent_told(uow: Uow, intent: Mapping[str, Any]) -> None:
    """Money arrived, or an attempt to take it ended."""
    row = locked(uow, PaymentRow, PaymentRow.intent_id == intent["id"]) or _by_mark(uow, _mark(intent))
    if row is None:
        return
    row.intent_id = row.intent_id or str(intent["id"])
    if intent["status"] == "succeeded":
        _succeed(uow, row, intent, intent["amount_received"], intent["currency"])
        _keep_card(uow, row, intent)
    elif intent["status"] == "canceled" and not row.session_id:
        _close(uow, row, PaymentState.CANCELLED, "cancelled", "")
    else:
        _tell(uow, row, intent)


def look_after(house: House, limit: int = 20) -> int:
    """Look at payments that nobody told us of for a while; answers how many. What was not told is found this way."""
    due = house.db.write(lambda uow: _due(uow, limit))
    for session_id, intent_id in due:
        kind, remote_id = (Kind.CHECKOUT, session_id) if session_id else (Kind.INTENT, intent_id)
        try:
            follow(house, kind, remote_id)
        except (RemoteUnknown, RemoteRefusal):
            continue  # the next look comes
    return len(due)


def refresh(house: House, payment_id: str) -> None:
    """Look at one payment now, for a payer who came back. Says nothing when the processor does not answer."""
    payment = house.db.read(lambda uow: queries.load(uow, payment_id))
    kind, remote_id = (Kind.CHECKOUT, payment.session_id) if payment.session_id else (Kind.INTENT, payment.intent_id)
    if payment.pending and remote_id:
        try:
            follow(house, kind, remote_id)
        except (RemoteUnknown, RemoteRefusal):
            return


def _due(uow: Uow, limit: int) -> list[tuple[str, str]]:
    chosen = select(PaymentRow).where(PaymentRow.look_at <= uow.now()).order_by(PaymentRow.look_at).limit(limit)
    found = list(uow.session.execute(chosen.with_for_update(skip_locked=True)).scalars())
    for row in found:
        age = uow.now() - row.begun_at
        row.look_at = uow.now() + min(_LATEST_LOOK, max(_FIRST_LOOK, age / 2))
    return [(row.session_id, row.intent_id) for row in found]


def _session_made(uow: Uow, event: AttemptDone) -> None:
    row = _row(uow, event.subject_id)
    row.session_id, row.url = event.remote_id, str(event.remote.get("url") or "")
    row.expires_at = datetime.fromtimestamp(int(event.remote["expires_at"]), UTC)
    if row.state == PaymentState.PLANNED:
        row.state, row.look_at, row.version = str(PaymentState.OPEN), uow.now() + _FIRST_LOOK, row.version + 1
    elif row.state == PaymentState.CANCELLED:
        checkout.end_remotely(uow, row)
    uow.session.flush()


def _succeed(uow: Uow, row: PaymentRow, intent: Any, received: int, currency: str) -> None:
    """Book the money, once: whatever the payment was thought to be, the processor has it."""
    if isinstance(intent, Mapping):
        row.charge_id = id_of(intent.get("latest_charge")) or row.charge_id
    if row.state == PaymentState.SUCCEEDED:
        return
    row.state, row.received = str(PaymentState.SUCCEEDED), from_remote(received, currency.upper())
    row.currency, row.intent_id, row.url = currency.upper(), id_of(intent) or row.intent_id, ""
    row.ended_at, row.look_at, row.code, row.message, row.version = uow.now(), None, "", "", row.version + 1
    uow.session.flush()
    clearing = Account(AccountKind.PROCESSOR_CLEARING, None, row.currency)
    prepaid = Account(AccountKind.BUYER_PREPAID, row.organisation_id, row.currency)
    entries = [debit(clearing, row.received), credit(prepaid, row.received)]
    posted = post(uow, [Draft(f"card_payment:{row.id}", TransactionKind.CARD_PAYMENT, row.id, entries)])
    payment = row.snapshot()
    checkout.note(uow, SYSTEM, "payment:succeed", payment, None, card_payment_sha256=posted[0].sha256())
    uow.emit(
        PaymentSucceeded(
            row.id, row.organisation_id, row.purpose, row.subject_id, row.received, row.currency, row.begun_by
        )
    )
    spend(uow, row.organisation_id, row.currency, row.subject_id if row.purpose == Purpose.INVOICE else "")


def spend(uow: Uow, organisation_id: str, currency: str, invoice_id: str = "") -> None:
    """Money arrived on a balance: it pays the invoice that it was for, then what was lost to a bank, then the rest."""
    if invoice_id:
        invoices.pay(uow, invoice_id)
    chargebacks.recover(uow, organisation_id, currency)
    invoices.collect(uow, buyer_id=organisation_id, currency=currency)


def _close(uow: Uow, row: PaymentRow, state: PaymentState, code: str, message: str) -> None:
    """It ended without money, unless it had ended already."""
    if row.state not in PENDING:
        return
    row.state, row.code, row.message = str(state), code[:80], message[:500]
    row.ended_at, row.look_at, row.url, row.version = uow.now(), None, "", row.version + 1
    uow.session.flush()
    checkout.note(uow, SYSTEM, "payment:end", row.snapshot(), None, **({"code": row.code} if row.code else {}))
    uow.emit(PaymentEndedUnpaid(row.id, row.organisation_id, row.purpose, row.subject_id, row.state, row.code))


def _tell(uow: Uow, row: PaymentRow, intent: Mapping[str, Any]) -> None:
    """What its payer must know of a payment that is under way: to confirm it, or why it was declined."""
    if row.state not in PENDING:
        return
    error, before = intent.get("last_payment_error") or {}, row.code
    row.intent_id = row.intent_id or str(intent["id"])
    row.code = str(error.get("decline_code") or error.get("code") or intent["status"])[:80]
    row.message = str(error.get("message") or "")[:500]
    if row.state == PaymentState.PLANNED:
        row.state, row.look_at = str(PaymentState.OPEN), uow.now() + _FIRST_LOOK
    uow.session.flush()
    if row.code == _TO_CONFIRM != before:
        uow.emit(PaymentWantsConfirmation(row.id, row.organisation_id))


def _keep_card(uow: Uow, row: PaymentRow, intent: Mapping[str, Any]) -> None:
    """Keep the card that its payer let the processor keep."""
    charge = intent.get("latest_charge")
    details = charge.get("payment_method_details") or {} if isinstance(charge, Mapping) else {}
    card, method = details.get("card"), intent.get("payment_method")
    if card and method and intent.get("setup_future_usage") == "off_session":
        label = f"{str(card.get('brand', '')).capitalize()} ···· {card.get('last4', '')}"
        uow.session.execute(
            update(CustomerRow)
            .where(CustomerRow.organisation_id == row.organisation_id)
            .values(card_id=id_of(method), card_label=label[:60])
        )


def _customer_row(event: AttemptDone) -> dict[str, str]:
    return {"organisation_id": event.subject_id, "remote_id": event.remote_id, "card_id": "", "card_label": ""}


def _waiting(uow: Uow, organisation_id: str) -> list[PaymentRow]:
    mine = PaymentRow.organisation_id == organisation_id, PaymentRow.state == PaymentState.PLANNED
    return list(uow.session.execute(select(PaymentRow).where(*mine).with_for_update()).scalars())


def _row(uow: Uow, payment_id: str) -> PaymentRow:
    return uow.session.get_one(PaymentRow, payment_id, with_for_update=True, populate_existing=True)


def _by_mark(uow: Uow, payment_id: object) -> PaymentRow | None:
    return locked(uow, PaymentRow, PaymentRow.id == payment_id) if isinstance(payment_id, str) and payment_id else None


def _mark(intent: Mapping[str, Any]) -> object:
    return (intent.get("metadata") or {}).get("payment")
