"""HTTP routes of the trade."""

from __future__ import annotations

from typing import Any

from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields
from exchange.trading import funded, licensing, queries, service
from exchange.trading.schemas import (
    LicenceViewOut,
    OrderIn,
    OrderOut,
    OrderPageOut,
    OrderPaymentIn,
    OrderPaymentOut,
    OrdersQuery,
    ReasonIn,
    StepOut,
)

api = http.Api("orders")


@api.post("/orders", body=OrderIn, answer=OrderOut, status=201, idempotent=True, summary="Order at the list price")
def place(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.place(uow, actor, **body)


@api.get("/orders", query=OrdersQuery, answer=OrderPageOut, summary="Your organisation's orders, newest first")
def orders(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.orders(uow, actor, **query)


@api.get("/orders/<order_id>", answer=OrderOut, summary="One order")
def show(uow: Uow, actor: Actor, order_id: str) -> Any:
    return queries.get(uow, actor, order_id)


@api.get("/orders/<order_id>/decisions", summary="Each step of an order, with the decision that allowed it")
def decisions(uow: Uow, actor: Actor, order_id: str) -> Any:
    return {"items": StepOut(many=True).dump(queries.timeline(uow, actor, order_id))}


@api.get("/orders/<order_id>/licence", answer=LicenceViewOut, summary="An order's licence, as a policy and in words")
def licence(uow: Uow, actor: Actor, order_id: str) -> Any:
    return licensing.of_order(uow, actor, order_id)


@api.post("/orders/<order_id>/pay", body=NoFields, answer=OrderOut, idempotent=True, summary="Pay from the balance")
def pay(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.pay(uow, actor, order_id)


@api.post(
    "/orders/<order_id>/payments", body=OrderPaymentIn, answer=OrderPaymentOut, status=201, idempotent=True,
    summary="Begin to pay by card or wallet",
)  # fmt: skip
def pay_from_outside(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return funded.begin(uow, actor, order_id, method=body["method"])


@api.post("/orders/<order_id>/cancel", body=ReasonIn, answer=OrderOut, idempotent=True, summary="Cancel before payment")
def cancel(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.cancel(uow, actor, order_id, reason=body["reason"])


@api.post(
    "/orders/<order_id>/freeze", body=ReasonIn, answer=OrderOut, idempotent=True,
    summary="Stop an order: no payment, no download, no call, for compliance officers",
)  # fmt: skip
def freeze(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.freeze(uow, actor, order_id, reason=body["reason"])


@api.post("/orders/<order_id>/release", body=NoFields, answer=OrderOut, idempotent=True, summary="Undo a freeze")
def release(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.release(uow, actor, order_id)


@api.post("/orders/<order_id>/accept", body=NoFields, answer=OrderOut, idempotent=True, summary="Accept the delivery")
def accept(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.accept(uow, actor, order_id)


@api.post(
    "/orders/<order_id>/fail-delivery", body=ReasonIn, answer=OrderOut, idempotent=True,
    summary="Declare the delivery failed: the buyer is refunded",
)  # fmt: skip
def fail_delivery(uow: Uow, actor: Actor, order_id: str, body: dict[str, Any]) -> Any:
    return service.fail_delivery(uow, actor, order_id, reason=body["reason"])
