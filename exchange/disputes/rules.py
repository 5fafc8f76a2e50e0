"""Until when what may be disputed, and how a refund is spread. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.money import split
from exchange.trading.types import OrderSnapshot, OrderState


def disputable_until(order: OrderSnapshot, invoiced_at: datetime | None, warranty: timedelta) -> datetime | None:
    """The moment until which a part of an order may be disputed; None: as long as the delivery is not accepted.

    What was charged by usage has its warranty from its invoice, everything else from the acceptance.
    """
    if invoiced_at is not None:
        return invoiced_at + warranty
    if order.state in (OrderState.PAID, OrderState.DELIVERED):
        return None
    return (order.ended_at or order.created_at) + warranty


def spread(amount: int, left: Sequence[int]) -> list[int]:
    """A refund over what is left of each concern, by largest remainder; none gives more than it has.

    Raises ValueError outside 1 to all that is left.
    """
    if not 0 < amount <= sum(left):
        raise ValueError("more than is left, or nothing")
    return split(amount, left)
