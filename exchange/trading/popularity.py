"""How many organisations have bought something: what searching by popularity sorts by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import select

from catalog.search import service as search
from compliance.identity import queries as identity
from core.db import Uow
from exchange.trading.events import OrderChanged
from exchange.trading.models import Order


class PaidOrders:
    """The search's protocol ``Orders``, answered from orders that were paid."""

    def buyers(self, uow: Uow, listing_ids: Iterable[str]) -> Mapping[str, int]:
        """Of each listing the organisations that paid an order of it; the supplier's own group does not count."""
        statement = (
            select(Order.listing_id, Order.supplier_id, Order.buyer_id)
            .where(Order.listing_id.in_(set(listing_ids)), Order.paid_at.is_not(None))
            .distinct()
        )
        pairs = [(row[0], row[1], row[2]) for row in uow.session.execute(statement)]
        groups = {supplier: set(identity.group_of(uow, supplier)) for supplier in {pair[1] for pair in pairs}}
        return Counter(listing for listing, supplier, buyer in pairs if buyer not in groups[supplier])


def count_buyer(uow: Uow, event: OrderChanged) -> None:
    """Somebody paid: the index learns it like any other change."""
    if event.action == "pay":
        search.note_changed(uow, [uow.session.get_one(Order, event.order_id).listing_id])
