"""How often something was ordered, as those who keep the orders know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalog.search.types import Orders
from core.db import Uow


def of(uow: Uow, listing_ids: Iterable[str]) -> Mapping[str, int]:
    """Of each listing how many have bought it; nothing where nobody keeps orders."""
    orders: Orders | None = uow.house.adapters.get(Orders)
    return orders.buyers(uow, listing_ids) if orders is not None else {}
