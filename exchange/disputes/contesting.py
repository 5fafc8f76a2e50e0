"""What a payer's bank is told when it contests a payment: drawn from what was agreed, delivered, accepted and used.

Of people it says no more than their role and when they acted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from billing.invoices import queries as invoices
from billing.invoices.types import Invoice
from billing.payments import queries as payments
from billing.payments.types import Chargeback, Payment, Purpose
from billing.usage import queries as usage
from compliance.identity import queries as identity
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.money import format_amount
from exchange.contracts import queries as contracts
from exchange.delivery import queries as delivery
from exchange.delivery.types import ReceiptSnapshot
from exchange.trading import queries as trading
from exchange.trading.types import OrderSnapshot, StepSnapshot

_MOST_CHARACTERS = 18_000
"""A little less than the bank takes."""
_MOST_INVOICES, _MOST_FILES, _MOST_ORDERS = 20, 20, 5
_ACCEPTED = {"accept": "accepted by the buyer", "accept_overdue": "not objected to in time, and so accepted"}


def drafted(uow: Uow, actor: Actor, chargeback_id: str) -> str:
    """The text for finance of the platform to read, change and send. Raises ChargebackNotFound, PolicyRefused."""
    found = payments.chargeback(uow, actor, chargeback_id)
    require(actor, "payment:contest", Resource("payment", found.payment_id, {"owner": found.organisation_id}))
    payment = payments.load(uow, found.payment_id)
    charged = _charged(uow, payment)
    parts = [_payment(uow, found, payment), _paid_for(uow, payment, charged)]
    order_ids = list(dict.fromkeys(([payment.subject_id] if payment.purpose is Purpose.ORDER else [])
                                   + [each.order_id for each in charged]))  # fmt: skip
    parts += [_order(uow, order_id) for order_id in order_ids[:_MOST_ORDERS]]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part)
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS].rsplit("\n", 1)[0]


def _charged(uow: Uow, payment: Payment) -> list[Invoice]:
    """The invoices that were paid from it: the one it was for, its order's, or those that a top-up went to."""
    if payment.purpose is Purpose.ORDER:
        return [each for each in invoices.of_order(uow, payment.subject_id) if not each.corrects]
    if payment.purpose is Purpose.INVOICE:
        return [invoices.load(uow, payment.subject_id)]
    since = payment.ended_at or payment.begun_at
    return invoices.of_buyer(uow, payment.organisation_id, payment.currency, since=since, limit=_MOST_INVOICES)


def _payment(uow: Uow, found: Chargeback, payment: Payment) -> Iterator[str]:
    payer = identity.organisation(uow, payment.organisation_id)
    roles = ", ".join(sorted(identity.actor_of_account(uow, payment.begun_by, payer.id).roles)) or "former member"
    amount = f"{format_amount(payment.received, payment.currency)} {payment.currency}"
    yield f"PAYMENT {payment.id}: {amount} by {payment.method}, {_at(payment.ended_at or payment.begun_at)}."
    yield f"Contested as: {found.reason or 'no reason given'}, {_money(found.amount, found.currency)}."
    yield (
        f"Payer: {payer.name_en or payer.name} ({payer.name}), a business, registration number "
        f"{payer.credit_code or payer.registration_number}, whose papers were checked (level {payer.level})."
    )
    yield (
        f"A signed-in person of that organisation (role: {roles}) began the payment on {_at(payment.begun_at)} and "
        f"paid it on the payment processor's own page."
    )


def _paid_for(uow: Uow, payment: Payment, charged: list[Invoice]) -> Iterator[str]:
    if payment.purpose is Purpose.TOP_UP:
        yield "PAID FOR: prepaid balance of the payer, who has ordered from it since:"
    elif charged:
        yield "PAID FOR:"
    for each in charged:
        what = "; ".join(line.description.get("en") or next(iter(line.description.values()), "") for line in each.lines)
        period = f", {each.period}" if each.period else ""
        yield (
            f"- invoice {each.number} of {_at(each.issued_at)}, order {each.order_id}{period}: "
            f"{_money(each.gross, each.currency)}: {what[:160]}"
        )
    back = [note for each in charged for note in invoices.corrections_of(uow, each.id)]
    for note in back:
        yield f"- credit note {note.number} of {_at(note.issued_at)}: {_money(note.gross, note.currency)}"


def _order(uow: Uow, order_id: str) -> Iterator[str]:
    told = trading.story(uow, order_id)
    if told is None:
        return
    order, steps = told
    title = order.title.get("en") or next(iter(order.title.values()), "")
    yield f"ORDER {order.id}: {title}, for the purpose {order.purpose}, {_money(order.gross, order.currency)}."
    yield from _agreed(uow, order)
    yield "What happened, in UTC:"
    yield from (f"- {_at(each.at)} {each.action} by the {each.by}: {each.state}" for each in steps)
    yield from _delivered(delivery.receipts_of(uow, order_id))
    yield from _accepted(steps)
    yield from _used(uow, order)
    yield "Each step stands in an audit log of signed checkpoints; the order's evidence bundle verifies offline."


def _agreed(uow: Uow, order: OrderSnapshot) -> Iterator[str]:
    if order.agreement_hash:
        yield f"Terms agreed by both sides: SHA-256 {order.agreement_hash}."
    for each in contracts.of_order(uow, order.id):
        signed = ", ".join(f"{side.side} {_at(side.signed_at)}" for side in each.signatures) or "nobody yet"
        yield f"Contract {each.id} ({each.kind}), SHA-256 {each.sha256}, signed by: {signed}."
    if order.licence is not None:
        until = f"to {_at(order.licence.ends_at)}" if order.licence.ends_at else "without end"
        yield (
            f"Licence {order.licence.id}, terms SHA-256 {order.licence.terms_hash}, "
            f"from {_at(order.licence.starts_at)} {until}."
        )


def _delivered(receipts: Iterable[ReceiptSnapshot]) -> Iterator[str]:
    by_file: dict[tuple[str, str], list[ReceiptSnapshot]] = {}
    for each in receipts:
        by_file.setdefault((each.file_id, each.sha256), []).append(each)
    if by_file:
        yield "Delivered to the buyer's signed-in people, by the receipts of the answers:"
    for (file_id, sha256), answers in list(by_file.items())[:_MOST_FILES]:
        sent = sum(each.stop - each.start for each in answers)
        yield (
            f"- file {file_id}, SHA-256 {sha256}: {sent} of {answers[0].size} bytes in {len(answers)} answers, "
            f"{_at(answers[0].at)} to {_at(answers[-1].at)}"
        )
    if len(by_file) > _MOST_FILES:
        yield f"- and {len(by_file) - _MOST_FILES} more files"


def _accepted(steps: Iterable[StepSnapshot]) -> Iterator[str]:
    for each in steps:
        if each.action in _ACCEPTED:
            yield f"The delivery was {_ACCEPTED[each.action]} on {_at(each.at)}."


def _used(uow: Uow, order: OrderSnapshot) -> Iterator[str]:
    if order.kind != "interface" or order.entitlement is None:
        return
    calls, first, last = usage.used(uow, order.entitlement.id)
    if first is not None and last is not None:
        yield f"Used under the licence: {calls} recorded calls, {_at(first)} to {_at(last)}."


def _money(amount: int, currency: str) -> str:
    return f"{format_amount(amount, currency)} {currency}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
