"""How many rows of an order may be read, and how many were."""

from __future__ import annotations

from sqlalchemy import insert

from core.db import Uow
from exchange.delivery.models import RowCount

UNBOUNDED = 2**53 - 1


def open_quota(uow: Uow, order_id: str, allowed: int | None) -> None:
    """Rows of an order are counted from nought; None is as many as one likes. Doing it again changes nothing."""
    if uow.session.get(RowCount, order_id) is None:
        values = {"order_id": order_id, "allowed": UNBOUNDED if allowed is None else allowed, "used": 0}
        uow.session.execute(insert(RowCount), [values])


def of_order(uow: Uow, order_id: str) -> tuple[int, int]:
    """(used, left) of an order's rows; nothing where none were agreed."""
    row = uow.session.get(RowCount, order_id)
    return (0, 0) if row is None else (row.used, row.allowed - row.used)
