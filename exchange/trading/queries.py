"""Reads of the trade, always for an actor: the two parties and the platform's officers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true

from billing.invoices import queries as invoices
from compliance.policy import Resource, decide
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from exchange.trading.errors import OrderNotFound
from exchange.trading.models import Order, OrderStep
from exchange.trading.types import OrderSnapshot, OrderState, StepSnapshot

_OFFICERS = ("officer", "finance", "operator")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which orders an actor may know of: the one predicate behind lists and single reads."""
    if actor.platform(*_OFFICERS):
        return true()
    own = actor.organisation_id or ""
    return or_(Order.buyer_id == own, Order.supplier_id == own)


def load(uow: Uow, actor: Actor, order_id: str, *, lock: bool = False) -> Order:
    """The order's row. Raises OrderNotFound when there is none, or none that the actor may know of."""
    statement = select(Order).where(Order.id == order_id, visible_to(actor))
    if lock:
        statement = statement.with_for_update(of=Order)
    order = uow.session.execute(statement).scalar_one_or_none()
    if order is None or not decide(actor, "order:see", resource_of(order)).permitted:
        raise OrderNotFound()
    return order


def resource_of(order: Order) -> Resource:
    """What policy may know of an order."""
    return Resource(
        kind="order",
        id=order.id,
        attributes={
            "buyer": order.buyer_id,
            "supplier": order.supplier_id,
            "state": order.state,
            "tier": order.tier,
            "purpose": order.purpose,
        },
    )


def get(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """Raises OrderNotFound."""
    return load(uow, actor, order_id).snapshot()


def orders(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, state: str | None = None
) -> Page[OrderSnapshot]:
    """The orders an actor may see, newest first."""
    statement = select(Order).where(visible_to(actor))
    if state:
        statement = statement.where(Order.state == state)
    page = newest_first(uow, statement, key=Order.id, purpose="orders", cursor=cursor, limit=limit)
    return convert(page, lambda order: order.snapshot())


def timeline(uow: Uow, actor: Actor, order_id: str) -> list[StepSnapshot]:
    """The order's steps in order. Raises OrderNotFound."""
    load(uow, actor, order_id)
    statement = select(OrderStep).where(OrderStep.order_id == order_id).order_by(OrderStep.number)
    return [step.snapshot() for step in uow.session.execute(statement).scalars()]


def related_ids(uow: Uow, actor: Actor, order_id: str) -> list[str]:
    """The ids whose audit entries belong into the order's evidence bundle."""
    order = load(uow, actor, order_id)
    found = [order.id, order.listing_id, order.revision_id]
    found += [document.id for document in invoices.of_order(uow, order.id)]
    if order.licence is not None:
        found.append(order.licence.id)
    if order.entitlement is not None:
        found.append(order.entitlement.id)
    return found


def due(uow: Uow, moment: datetime, limit: int = 100) -> list[tuple[str, str]]:
    """(order id, step) of every order whose time to pay or to accept has run out."""
    unpaid = select(Order.id).where(Order.state == OrderState.PLACED, Order.pay_by <= moment).limit(limit)
    waiting = (
        select(Order.id)
        .where(Order.state.in_((OrderState.PAID, OrderState.DELIVERED)), Order.accept_by <= moment)
        .limit(limit)
    )
    return [(order_id, "expire") for order_id in uow.session.execute(unpaid).scalars()] + [
        (order_id, "accept_overdue") for order_id in uow.session.execute(waiting).scalars()
    ]


def figures(uow: Uow) -> dict[str, int]:
    """Public figures of the trade: orders paid for and their gross in minor units."""
    statement = select(func.count(), func.coalesce(func.sum(Order.gross), 0)).where(
        Order.state.in_((OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED))
    )
    count, gross = uow.session.execute(statement).one()
    return {"orders": int(count), "gross": int(gross)}
