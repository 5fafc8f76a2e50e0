"""Orders under dispute: what stands still meanwhile, and how the order goes on when the dispute ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, ForeignKey, exists
from sqlalchemy.orm import Mapped, mapped_column

from billing.settlement import service as settlement
from compliance.policy import Decision
from core.actor import Actor
from core.db import Base, Id, Uow, UtcDateTime
from core.problems import Sentence
from exchange.trading import rights
from exchange.trading.errors import OrderContested, OrderStateConflict
from exchange.trading.models import Order
from exchange.trading.steps import note
from exchange.trading.types import OrderState

_WAITING = (OrderState.PAID, OrderState.DELIVERED)
_IN_FORCE = (*_WAITING, OrderState.ACCEPTED)


class ContestedOrder(Base):
    """An order that is disputed; it is neither accepted nor failed until the dispute has ended."""

    __tablename__ = "contested_order"

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), primary_key=True)
    dispute_id: Mapped[str] = mapped_column(Id)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class Ending(StrEnum):
    """How an order goes on: as before, accepted as it is, or undone."""

    RESUME = "resume"
    ACCEPT = "accept"
    UNDO = "undo"


def contested() -> ColumnElement[bool]:
    """Whether an order's row is under dispute."""
    return exists().where(ContestedOrder.order_id == Order.id)


def disputed_since(uow: Uow, order: Order) -> datetime | None:
    """When the dispute began that goes on about the order."""
    found = uow.session.get(ContestedOrder, order.id)
    return found.since if found else None


def refuse_contested(uow: Uow, order: Order) -> None:
    """Raises OrderContested."""
    if found := uow.session.get(ContestedOrder, order.id):
        raise OrderContested(hint="Wait for the ruling, or withdraw the dispute.", dispute_id=found.dispute_id)


def contest(uow: Uow, actor: Actor, order: Order, dispute_id: str, decision: Decision, *, text: str) -> None:
    """The delivery, or what was charged, is disputed: the time to accept stands still.

    Raises OrderContested when it is already, OrderStateConflict when the order is not in force.
    """
    refuse_contested(uow, order)
    if order.state not in _IN_FORCE:
        raise OrderStateConflict(
            Sentence("The order is %(state)s.", state=order.state), state=order.state,
            hint="To dispute it, it must be paid, delivered or accepted.",
        )  # fmt: skip
    uow.session.add(ContestedOrder(order_id=order.id, dispute_id=dispute_id, since=uow.now()))
    order.version += 1
    uow.session.flush()
    note(uow, actor, order, "dispute", decision, text=text)


def conclude(
    uow: Uow, actor: Actor, order: Order, ending: Ending, decision: Decision, *, step: str, text: str
) -> None:  # fmt: skip
    """The dispute has ended; the time that stood still is given back, that of a freeze when it is released.

    ``step`` is the name in the order's story.
    """
    row = uow.session.get_one(ContestedOrder, order.id)
    if order.accept_by is not None and order.state in _WAITING:
        order.accept_by += max(timedelta(), (order.frozen_at or uow.now()) - row.since)
    uow.session.delete(row)
    uow.session.flush()
    if ending is Ending.UNDO:
        order.step("undo", uow.now())
        order.reason = text
        rights.revoke(uow, order)
    elif ending is Ending.ACCEPT and order.state in _WAITING:
        order.step("accept", uow.now())
        if order.gross > 0:
            settlement.release(uow, order_id=order.id, actor=actor)
    else:
        order.version += 1
        rights.changed(uow, order)
    note(uow, actor, order, step, decision, text=text)
