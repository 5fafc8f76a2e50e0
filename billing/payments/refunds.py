"""What arrived through the processor goes back the same way: out of what is left of the prepaid balance.

The amount leaves the balance before the processor is asked, and returns to it when the processor refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, Entry, TransactionKind, credit, debit
from billing.payments import queries
from billing.payments.errors import PaymentEnded, RefundTooLarge
from billing.payments.events import CardRefundEnded
from billing.payments.models import CardRefundRow, PaymentRow
from billing.payments.types import CardRefund, Payment, RefundState
from billing.processor import service as asking
from billing.processor.amounts import to_remote
from billing.processor.events import AttemptDone, AttemptRefused
from billing.processor.types import Deed
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.money import format_amount, parse_amount
from core.problems import Sentence
from core.rows import locked

_FAILED = ("failed", "canceled")


def refund(uow: Uow, actor: Actor, payment_id: str, *, amount: str, reason: str) -> CardRefund:
    """Send so much of a payment back where it came from; the processor is asked after this unit.

    Raises PaymentNotFound, PolicyRefused, AmountInvalid, PaymentEnded for one that never arrived, RefundTooLarge for
    more than arrived and has not gone back, whoever asks at the same moment, and BalanceTooLow when it was spent.
    """
    payment = queries.payment(uow, actor, payment_id)
    decision = require(actor, "payment:refund", Resource("payment", payment.id, {"owner": payment.organisation_id}))
    given = parse_amount(amount, payment.currency, zero=False)
    if not payment.received:
        raise PaymentEnded(Sentence("It is %(state)s: nothing arrived.", state=payment.state), state=payment.state)
    to_remote(given, payment.currency)
    row = set_aside(uow, actor, payment, given, reason)
    asking.plan(
        uow, Deed.REFUND, row.id,
        {"payment_intent": payment.intent_id, "amount": to_remote(given, payment.currency),
         "metadata": {"refund": row.id}},
    )  # fmt: skip
    note(uow, actor, "card_refund:ask", row.snapshot(), decision)
    return row.snapshot()


def set_aside(
    uow: Uow, actor: Actor, payment: Payment, amount: int, reason: str, *, remote_id: str = ""
) -> CardRefundRow:  # fmt: skip
    """So much of a payment leaves its payer's balance and is on its way. Raises RefundTooLarge and BalanceTooLow."""
    _reserve(uow, payment.id, amount)
    row = CardRefundRow(
        id=new_id("rfd"), payment_id=payment.id, organisation_id=payment.organisation_id, amount=amount,
        currency=payment.currency, state=str(RefundState.RESERVED), reason=reason, remote_id=remote_id,
        asked_by=actor.account_id or "", asked_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    prepaid, in_flight, _ = _accounts(row)
    _post(uow, row, "reserved", [debit(prepaid, amount), credit(in_flight, amount)])
    return row


def done(uow: Uow, event: AttemptDone) -> None:
    if event.deed == Deed.REFUND:
        row = locked(uow, CardRefundRow, CardRefundRow.id == event.subject_id)
        if row is not None:
            row.remote_id = event.remote_id
            _bring_in_line(uow, row, event.remote)


def refused(uow: Uow, event: AttemptRefused) -> None:
    """Nothing went back: the amount is the payer's again, and the attempt has ended."""
    if event.deed == Deed.REFUND:
        row = locked(uow, CardRefundRow, CardRefundRow.id == event.subject_id)
        if row is not None:
            _fail(uow, row, event.message)


def told(uow: Uow, remote: Mapping[str, Any]) -> None:
    """A refund that is ours, as it stands with the processor. Others show among what is not reconciled."""
    mark = (remote.get("metadata") or {}).get("refund")
    row = locked(uow, CardRefundRow, CardRefundRow.remote_id == remote["id"]) or locked(
        uow, CardRefundRow, CardRefundRow.id == mark
    )
    if row is not None:
        row.remote_id = row.remote_id or str(remote["id"])
        _bring_in_line(uow, row, remote)


def _bring_in_line(uow: Uow, row: CardRefundRow, remote: Mapping[str, Any]) -> None:
    if remote.get("status") == "succeeded":
        settle(uow, row)
    elif remote.get("status") in _FAILED:
        _fail(uow, row, str(remote.get("failure_reason") or ""))


def settle(uow: Uow, row: CardRefundRow) -> None:
    """It went back. Does nothing for one that has ended."""
    if row.state != RefundState.RESERVED:
        return
    _, in_flight, clearing = _accounts(row)
    _post(uow, row, "settled", [debit(in_flight, row.amount), credit(clearing, row.amount)])
    _move(uow, row, refunding=-row.amount, refunded=row.amount)
    _end(uow, row, RefundState.SETTLED, "")


def _fail(uow: Uow, row: CardRefundRow, message: str) -> None:
    """Back to the balance; also when it had been sent and the bank of the payer returned it."""
    prepaid, in_flight, clearing = _accounts(row)
    if row.state == RefundState.RESERVED:
        _post(uow, row, "failed", [debit(in_flight, row.amount), credit(prepaid, row.amount)])
        _move(uow, row, refunding=-row.amount, refunded=0)
    elif row.state == RefundState.SETTLED:
        _post(uow, row, "returned", [debit(clearing, row.amount), credit(prepaid, row.amount)])
        _move(uow, row, refunding=0, refunded=-row.amount)
    else:
        return
    _end(uow, row, RefundState.FAILED, message)


def _end(uow: Uow, row: CardRefundRow, state: RefundState, message: str) -> None:
    row.state, row.message, row.ended_at = str(state), message[:500], uow.now()
    uow.session.flush()
    note(uow, SYSTEM, "card_refund:end", row.snapshot(), None)
    uow.emit(CardRefundEnded(row.id, row.payment_id, row.organisation_id, row.state, row.amount, row.currency))


def _reserve(uow: Uow, payment_id: str, amount: int) -> None:
    """Decided by the database: of two refunds that are too much together, one is refused."""
    left = PaymentRow.received - PaymentRow.refunded - PaymentRow.refunding - PaymentRow.contested
    taken = uow.session.execute(
        update(PaymentRow)
        .where(PaymentRow.id == payment_id, left >= amount)
        .values(refunding=PaymentRow.refunding + amount, version=PaymentRow.version + 1)
        .returning(PaymentRow.id)
        .execution_options(synchronize_session=False)
    )
    if taken.first() is None:
        found = queries.load(uow, payment_id)
        said = format_amount(found.refundable, found.currency)
        raise RefundTooLarge(Sentence("%(amount)s can go back.", amount=said), field="amount", refundable=said)


def _move(uow: Uow, row: CardRefundRow, *, refunding: int, refunded: int) -> None:
    uow.session.execute(
        update(PaymentRow)
        .where(PaymentRow.id == row.payment_id)
        .values(
            refunding=PaymentRow.refunding + refunding, refunded=PaymentRow.refunded + refunded,
            version=PaymentRow.version + 1,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _accounts(row: CardRefundRow) -> tuple[Account, Account, Account]:
    return (
        Account(AccountKind.BUYER_PREPAID, row.organisation_id, row.currency),
        Account(AccountKind.IN_FLIGHT, None, row.currency),
        Account(AccountKind.PROCESSOR_CLEARING, None, row.currency),
    )


def _post(uow: Uow, row: CardRefundRow, step: str, entries: list[Entry]) -> None:
    post(uow, [Draft(f"card_refund:{row.id}:{step}", TransactionKind.CARD_REFUND, row.id, entries)])


def note(uow: Uow, actor: Actor, action: str, found: CardRefund, decision: Decision | None) -> None:
    record(
        uow, actor, action=action, object_id=found.payment_id, decision=decision,
        data={
            "refund": found.id, "amount": format_amount(found.amount, found.currency), "currency": found.currency,
            "state": str(found.state),
        },
        concerns=[found.organisation_id],
    )  # fmt: skip
