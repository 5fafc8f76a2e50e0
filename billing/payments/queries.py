"""Reads of payments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from billing.payments.errors import ChargebackNotFound, PaymentNotFound, TopUpNotFound
from billing.payments.models import CardRefundRow, ChargebackRow, CustomerRow, PaymentRow, TopUpRow
from billing.payments.types import (
    PENDING,
    CardRefund,
    Chargeback,
    ChargebackState,
    Customer,
    Payment,
    RefundState,
    TopUp,
    TopUpState,
)
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from core.problems import Invalid, Sentence


def get(uow: Uow, actor: Actor, topup_id: str) -> TopUp:
    """Raises TopUpNotFound, also for one that the actor may not see."""
    row = uow.session.get(TopUpRow, topup_id)
    if row is None or not decide(actor, "ledger:see", _resource(row.organisation_id)).permitted:
        raise TopUpNotFound()
    return row.snapshot()


def listed(
    uow: Uow, actor: Actor, *, state: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[TopUp]:
    """Top-ups of the own organisation, or of all for finance of the platform; newest first."""
    own = actor.organisation_id
    require(actor, "ledger:see", _resource(own))
    chosen = select(TopUpRow)
    if own is not None:
        chosen = chosen.where(TopUpRow.organisation_id == own)
    if state is not None:
        chosen = chosen.where(TopUpRow.state == _state(state))
    page = newest_first(uow, chosen, key=TopUpRow.id, purpose=f"topups:{own}:{state}", cursor=cursor, limit=limit)
    return convert(page, TopUpRow.snapshot)


def waiting(uow: Uow, limit: int = 100) -> list[TopUp]:
    """Recorded top-ups that wait for a second person, oldest first. Asks no policy: for the desk of finance."""
    chosen = select(TopUpRow).where(TopUpRow.state == str(TopUpState.RECORDED)).order_by(TopUpRow.id).limit(limit)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def payment(uow: Uow, actor: Actor, payment_id: str) -> Payment:
    """Raises PaymentNotFound, also for one that the actor may not see."""
    row = uow.session.get(PaymentRow, payment_id, populate_existing=True)
    if row is None or not decide(actor, "ledger:see", _resource(row.organisation_id)).permitted:
        raise PaymentNotFound()
    return row.snapshot()


def load(uow: Uow, payment_id: str) -> Payment:
    """Asks no policy: for services."""
    return uow.session.get_one(PaymentRow, payment_id, populate_existing=True).snapshot()


def payments(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[Payment]:
    """Payments of the own organisation, or of all for finance of the platform; newest first."""
    own = actor.organisation_id
    require(actor, "ledger:see", _resource(own))
    chosen = select(PaymentRow)
    if own is not None:
        chosen = chosen.where(PaymentRow.organisation_id == own)
    page = newest_first(uow, chosen, key=PaymentRow.id, purpose=f"payments:{own}", cursor=cursor, limit=limit)
    return convert(page, PaymentRow.snapshot)


def pending_of(uow: Uow, purpose: str, subject_id: str) -> Payment | None:
    """The payment by which an invoice or order is being paid. Asks no policy: for services and pages that asked."""
    mine = PaymentRow.purpose == purpose, PaymentRow.subject_id == subject_id, PaymentRow.state.in_(PENDING)
    row = uow.session.execute(select(PaymentRow).where(*mine)).scalars().first() if subject_id else None
    return row.snapshot() if row else None


def succeeded_for(uow: Uow, purpose: str, subject_id: str) -> list[Payment]:
    """The payments by which an invoice or order was paid, the oldest first. Asks no policy: for pages that asked."""
    mine = PaymentRow.purpose == purpose, PaymentRow.subject_id == subject_id, PaymentRow.received > 0
    chosen = select(PaymentRow).where(*mine).order_by(PaymentRow.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def customer(uow: Uow, organisation_id: str) -> Customer:
    """An organisation as the processor knows it; with empty ids when it does not. Asks no policy: for services."""
    row = uow.session.get(CustomerRow, organisation_id, populate_existing=True)
    return row.snapshot() if row else Customer(organisation_id, "", "", "")


def refunds_of(uow: Uow, payment_id: str) -> list[CardRefund]:
    """What went or goes back of a payment, the oldest first. Asks no policy: for pages that asked."""
    chosen = select(CardRefundRow).where(CardRefundRow.payment_id == payment_id).order_by(CardRefundRow.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def chargeback(uow: Uow, actor: Actor, chargeback_id: str) -> Chargeback:
    """Raises ChargebackNotFound, also for one that the actor may not see."""
    row = uow.session.get(ChargebackRow, chargeback_id, populate_existing=True)
    if row is None or not decide(actor, "ledger:see", _resource(row.organisation_id)).permitted:
        raise ChargebackNotFound()
    return row.snapshot()


def chargebacks(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[Chargeback]:
    """Contested payments of the own organisation, or of all for finance of the platform; newest first."""
    own = actor.organisation_id
    require(actor, "ledger:see", _resource(own))
    chosen = select(ChargebackRow)
    if own is not None:
        chosen = chosen.where(ChargebackRow.organisation_id == own)
    page = newest_first(uow, chosen, key=ChargebackRow.id, purpose=f"chargebacks:{own}", cursor=cursor, limit=limit)
    return convert(page, ChargebackRow.snapshot)


def chargebacks_of(uow: Uow, payment_id: str) -> list[Chargeback]:
    """The contests of a payment. Asks no policy: for pages that asked."""
    chosen = select(ChargebackRow).where(ChargebackRow.payment_id == payment_id).order_by(ChargebackRow.id)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


STANDS_FOR = (PaymentRow.charge_id, CardRefundRow.remote_id, ChargebackRow.remote_id)
"""Where the remote objects stand that a payment, a refund or a chargeback of ours is about."""


def refund_known(uow: Uow, remote_id: str) -> bool:
    """Whether a refund of ours stands for it. Asks no policy: for services."""
    chosen = select(CardRefundRow.id).where(CardRefundRow.remote_id == remote_id).limit(1)
    return uow.session.execute(chosen).first() is not None


def through_processor(uow: Uow) -> dict[str, int]:
    """What payments, refunds and chargebacks left with the processor, by currency. Asks no policy: for checks."""
    settled = CardRefundRow.state == RefundState.SETTLED
    taken = ChargebackRow.withdrawn, ChargebackRow.state != ChargebackState.WON
    return added(
        sums(uow, PaymentRow.currency, PaymentRow.received),
        sums(uow, CardRefundRow.currency, -CardRefundRow.amount, settled),
        sums(uow, ChargebackRow.currency, -ChargebackRow.amount, *taken),
    )


def in_flight(uow: Uow) -> dict[str, int]:
    """What refunds and chargebacks have taken from balances and not brought anywhere, by currency. For checks."""
    reserved = CardRefundRow.state == RefundState.RESERVED
    return added(
        sums(uow, CardRefundRow.currency, CardRefundRow.amount, reserved),
        sums(uow, ChargebackRow.currency, ChargebackRow.held),
    )


def added(*parts: dict[str, int]) -> dict[str, int]:
    return {currency: sum(part.get(currency, 0) for part in parts) for part in parts for currency in part}


def contested(uow: Uow) -> dict[str, int]:
    """What was taken back and is undecided, or lost and not made good, by currency. Asks no policy: for checks."""
    undecided = ChargebackRow.withdrawn, ChargebackRow.ended_at.is_(None)
    return added(
        sums(uow, ChargebackRow.currency, ChargebackRow.amount, *undecided),
        sums(uow, ChargebackRow.currency, ChargebackRow.owed),
    )


def arrived_at_bank(uow: Uow) -> dict[str, int]:
    """The confirmed top-ups by currency. Asks no policy: for checks."""
    return sums(uow, TopUpRow.currency, TopUpRow.amount, TopUpRow.state == str(TopUpState.CONFIRMED))


def sums(uow: Uow, currency: Any, amount: Any, *conditions: Any) -> dict[str, int]:
    """An amount of all rows that these hold of, by currency."""
    chosen = select(currency, func.sum(amount)).where(*conditions).group_by(currency)
    return {found: int(total) for found, total in uow.session.execute(chosen)}


def _resource(organisation_id: str | None) -> Resource:
    return Resource("ledger", organisation_id or "platform", {"owner": organisation_id})


def _state(text: str) -> str:
    if text not in {str(state) for state in TopUpState}:
        raise Invalid(Sentence("Choose one of %(names)s.", names=", ".join(TopUpState)), field="state")
    return text
