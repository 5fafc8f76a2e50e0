"""An organisation that still trades does not close."""

from __future__ import annotations

from sqlalchemy import or_, select

from compliance.identity.events import OrganisationClosing
from core.db import Uow
from exchange.trading.contested import contested
from exchange.trading.errors import OrdersOpen
from exchange.trading.models import Entitlement, Order
from exchange.trading.rules import ENDED
from exchange.trading.types import RightState


def refuse_while_trading(uow: Uow, event: OrganisationClosing) -> None:
    """Raises OrdersOpen while an order of it is under way or disputed, or while a right that it sold is in force."""
    its = or_(Order.buyer_id == event.organisation_id, Order.supplier_id == event.organisation_id)
    going_on = or_(Order.state.not_in(ENDED), contested())
    open_orders = select(Order.id).where(its, going_on).order_by(Order.id).limit(1)
    in_force = (
        Entitlement.state == RightState.ACTIVE,
        or_(Entitlement.ends_at.is_(None), Entitlement.ends_at > uow.now()),
    )
    sold = (
        select(Order.id)
        .join(Entitlement, Entitlement.order_id == Order.id)
        .where(Order.supplier_id == event.organisation_id, *in_force)
        .limit(1)
    )
    for statement in (open_orders, sold):
        order_id = uow.session.execute(statement).scalar_one_or_none()
        if order_id is not None:
            raise OrdersOpen(hint="Bring it to its end first.", order_id=order_id)
