"""What an order takes when it is paid: its gross amount, or of a subscription the fee of its first period."""

from __future__ import annotations

from billing import rating
from billing.coupons import service as coupons
from billing.taxes import queries as taxes
from compliance.identity.queries import months_of
from core import plans
from core.db import Uow
from core.money import add_tax, rounding_of
from core.plans import Kind
from exchange.trading import rights
from exchange.trading.models import Order


def due(uow: Uow, order: Order) -> int:
    """Gross, if it were paid at this moment; 0 when nothing of it is paid in advance.

    The first fee is for what is left of the period that runs, so it falls with time until the next one begins.
    """
    plan = plans.parse(order.plan_document)
    if order.gross or plan.kind is not Kind.SUBSCRIPTION:
        return order.gross
    rounding = rounding_of(uow.house.settings.tier_profile)
    starts_at, ends_at = rights.lasting(order, uow.now())
    window = rating.window_of(plan, months_of(uow, order.buyer_id), starts_at)
    part = rating.part_of(window, starts_at, min(window.ends_at, ends_at or window.ends_at))
    net = rating.fee_of(plan.amount or 0, part, rounding)
    discount = coupons.taken_off(uow, order.id, net) if net else None
    left = net - (discount.amount if discount else 0)
    return add_tax(left, taxes.rate_bp(uow, order.buyer_id), rounding).gross
