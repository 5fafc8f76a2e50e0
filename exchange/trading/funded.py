"""Orders that are paid by card or wallet: their money arrives on the balance, then the order is paid from there.

That the money is there is written down in the unit of its arrival; paying the order is a command of its own, of the
person who began it, right after. When it cannot be paid any more, the money stays on the balance, and they are told
why.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from billing.payments import checkout
from billing.payments.errors import NothingToPay
from billing.payments.events import PaymentSucceeded
from billing.payments.types import Payment, Purpose
from compliance.identity.queries import actor_of_account
from compliance.policy import require
from core.actor import Actor
from core.db import Base, Id, Uow, UtcDateTime
from core.house import House
from core.problems import DomainError
from core.rows import insert_missing
from exchange.trading import first_fee, queries, rules, service
from exchange.trading.models import Order

_AT_ONCE = 20


class FundedOrder(Base):
    """The money for an order has arrived; ``reason`` is the code of what kept the order from being paid."""

    __tablename__ = "funded_order"

    payment_id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), index=True)
    account_id: Mapped[str] = mapped_column(Id)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    reason: Mapped[str] = mapped_column(String(80), default="")


def begin(uow: Uow, actor: Actor, order_id: str, *, method: str) -> Payment:
    """Pay an order by card or wallet: its gross amount, or its first fee as it is now. Raises what ``service.pay`` does

    before any money moves, what ``checkout.begin`` does, and NothingToPay for an order that costs nothing now.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    require(actor, "order:pay", queries.resource_of(order))
    order.refuse_late(uow.now())
    rules.follow(order.state, "pay")
    amount = first_fee.due(uow, order)
    if not amount:
        raise NothingToPay("Nothing of it is paid in advance.")
    return checkout.begin(
        uow, actor, purpose=Purpose.ORDER, method=method, amount=amount, currency=order.currency,
        subject_id=order.id, description=order.id,
    )  # fmt: skip


def arrived(uow: Uow, event: PaymentSucceeded) -> None:
    """Write down that an order's money is there."""
    if event.purpose == Purpose.ORDER:
        row = {"payment_id": event.payment_id, "order_id": event.subject_id, "account_id": event.begun_by,
               "since": uow.now(), "reason": ""}  # fmt: skip
        insert_missing(uow, FundedOrder, [row])


def pay_funded(house: House) -> int:
    """Pay the orders whose money has arrived; answers how many were tried. Safe to run anywhere, any time."""
    chosen = select(FundedOrder.payment_id).where(FundedOrder.ended_at.is_(None)).limit(_AT_ONCE)
    waiting = house.db.read(lambda uow: list(uow.session.execute(chosen).scalars()))
    for payment_id in waiting:
        _pay(house, payment_id)
    return len(waiting)


def reason_of(uow: Uow, payment_id: str) -> str | None:
    """Why an order was not paid although its money arrived: a code; empty when it was; None when it waits for it."""
    row = uow.session.get(FundedOrder, payment_id)
    return row.reason if row is not None and row.ended_at is not None else None


def _pay(house: House, payment_id: str) -> None:
    try:
        house.db.write(lambda uow: _pay_one(uow, payment_id))
    except DomainError as error:
        code = error.code
        house.db.write(lambda uow: _end(uow, payment_id, code))


def _pay_one(uow: Uow, payment_id: str) -> None:
    row = uow.session.get_one(FundedOrder, payment_id, with_for_update=True, populate_existing=True)
    if row.ended_at is None:
        buyer_id = uow.session.get_one(Order, row.order_id).buyer_id
        service.pay(uow, actor_of_account(uow, row.account_id, buyer_id), row.order_id)
        _end(uow, payment_id, "")


def _end(uow: Uow, payment_id: str, reason: str) -> None:
    mine = FundedOrder.payment_id == payment_id, FundedOrder.ended_at.is_(None)
    uow.session.execute(update(FundedOrder).where(*mine).values(ended_at=uow.now(), reason=reason))
