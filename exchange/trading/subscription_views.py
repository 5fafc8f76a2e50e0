"""HTTP routes of what goes on period after period, and of what it would cost."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields
from exchange.trading import queries as orders
from exchange.trading import quoting, rises, subscriptions
from exchange.trading.schemas import OrderOut, PriceNoticeOut, QuoteOut, QuoteQuery, SubscriptionOut

api = http.Api("subscriptions")


@api.get(
    "/listings/<listing_id>/price", query=QuoteQuery, answer=QuoteOut, who=http.ANYONE,
    summary="What so many calls would cost in one period",
)  # fmt: skip
def price(uow: Uow, actor: Actor, listing_id: str, query: dict[str, Any]) -> Any:
    return quoting.quote(uow, actor, listing_id, calls=query["calls"])


@api.post(
    "/listings/<listing_id>/price-notice", body=NoFields, idempotent=True,
    summary="Tell your subscribers that the present price will be theirs",
)  # fmt: skip
def announce(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return {"items": PriceNoticeOut(many=True).dump(rises.announce(uow, actor, listing_id))}


@api.get(
    "/orders/<order_id>/subscription",
    answer=SubscriptionOut,
    summary="An order's periods, and announced prices",
)
def subscription(uow: Uow, actor: Actor, order_id: str) -> Any:
    found = subscriptions.get(uow, actor, order_id)
    order = orders.get(uow, actor, order_id)
    state = "ended" if found.ended_at else "suspended" if found.suspended_at else "active"
    periods = [asdict(each) | {"currency": order.currency} for each in found.periods]
    return asdict(found) | {
        "periods": periods, "state": state, "currency": order.currency,
        "notices": rises.of_order(uow, actor, order_id),
    }  # fmt: skip


@api.post(
    "/orders/<order_id>/unsubscribe", body=NoFields, answer=OrderOut, idempotent=True,
    summary="End a subscription with the period that runs",
)  # fmt: skip
def unsubscribe(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return subscriptions.cancel(uow, actor, order_id)
