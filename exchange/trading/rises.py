"""Another price for those who subscribe already: announced long before, and not before a period of theirs begins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from catalog.listings import queries as listings
from compliance.policy import require
from core import plans
from core.actor import SYSTEM, Actor
from core.db import Uow
from exchange.trading import queries, rights
from exchange.trading.errors import NothingAnnounced, NotSellableYet
from exchange.trading.models import Order
from exchange.trading.recurring import PriceNotice, Subscription
from exchange.trading.steps import note


@dataclass(frozen=True)
class Announced:
    """A price that a subscriber was told of; ``applied_at`` is when it came to hold."""

    order_id: str
    offer_id: str
    plan: Mapping[str, Any]
    announced_at: datetime
    effective_from: datetime
    applied_at: datetime | None


def announce(uow: Uow, actor: Actor, listing_id: str) -> list[Announced]:
    """Tell everybody who subscribes to a listing that its present price will be theirs.

    It holds from the first period that begins after the days of notice; until then they may cancel. Announcing twice
    changes nothing. Raises ListingNotFound, PolicyRefused, NothingAnnounced, NotSellableYet for another kind of price.
    """
    listing = listings.get(uow, actor, listing_id)
    decision = require(actor, "listing:announce_price", listings.resource_of(uow.house, listing))
    offer = listing.offer
    plan = plans.parse(offer.plan) if offer else None
    if offer is None or plan is None or not plan.by_period or not plan.sellable_now(listing.kind):
        raise NotSellableYet("Only a price by periods can be announced to those who pay by periods.", field="offer")
    told = []
    for order, subscription in _subscribers(uow, listing_id):
        same_kind = plans.parse(order.plan_document).kind is plan.kind and order.currency == plan.currency
        if not same_kind or (subscription.plan_hash or order.plan_hash) == plan.hash():
            continue
        row = uow.session.get(PriceNotice, (order.id, offer.id))
        if row is None:
            row = PriceNotice(
                order_id=order.id, offer_id=offer.id, plan=json.dumps(plan.document()), plan_hash=plan.hash(),
                announced_at=uow.now(),
                effective_from=uow.now() + timedelta(days=uow.house.settings.price_notice_days),
            )  # fmt: skip
            uow.session.add(row)
            order.version += 1
            uow.session.flush()
            said = {"offer": offer.id, "new_plan_hash": plan.hash(), "from": row.effective_from.isoformat()}
            note(uow, actor, order, "announce_price", decision, data=said)
        told.append(_announced(row))
    if not told:
        raise NothingAnnounced()
    return told


def of_order(uow: Uow, actor: Actor, order_id: str) -> list[Announced]:
    """What was announced to a subscriber, the oldest first. Raises OrderNotFound."""
    queries.load(uow, actor, order_id)
    return [_announced(row) for row in _notices(uow, order_id)]


def apply(uow: Uow, order: Order, subscription: Subscription) -> None:
    """The price that was announced last and whose days are over holds from the period that begins now.

    What was ordered stays written as it was.
    """
    ripe = [row for row in _notices(uow, order.id) if row.effective_from <= subscription.covered_until]
    if not ripe or ripe[-1].applied_at is not None:
        return
    newest = ripe[-1]
    subscription.plan, subscription.plan_hash = newest.plan, newest.plan_hash
    order.version += 1
    for row in ripe:
        row.applied_at = row.applied_at or uow.now()
    uow.session.flush()
    said = {"offer": newest.offer_id, "new_plan_hash": newest.plan_hash}
    note(uow, SYSTEM, order, "new_price", None, data=said)
    rights.changed(uow, order)


def _subscribers(uow: Uow, listing_id: str) -> list[tuple[Order, Subscription]]:
    chosen = (
        select(Order, Subscription)
        .join(Subscription, Subscription.order_id == Order.id)
        .where(Order.listing_id == listing_id, Subscription.ended_at.is_(None), Subscription.cancelled_at.is_(None))
        .order_by(Order.id)
        .with_for_update(of=Order)
    )
    return [(order, row) for order, row in uow.session.execute(chosen).unique()]


def _notices(uow: Uow, order_id: str) -> list[PriceNotice]:
    chosen = select(PriceNotice).where(PriceNotice.order_id == order_id)
    return list(uow.session.execute(chosen.order_by(PriceNotice.announced_at, PriceNotice.offer_id)).scalars())


def _announced(row: PriceNotice) -> Announced:
    return Announced(
        row.order_id, row.offer_id, json.loads(row.plan), row.announced_at, row.effective_from, row.applied_at
    )
