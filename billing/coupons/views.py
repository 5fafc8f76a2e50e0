"""HTTP routes of coupons."""

from __future__ import annotations

from typing import Any

from billing.coupons import queries, service
from billing.coupons.schemas import CouponIn, CouponOut, CouponPageOut, CouponUsePageOut
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, PageQuery

api = http.Api("coupons")


@api.post("/coupons", body=CouponIn, answer=CouponOut, status=201, idempotent=True, summary="Give out a coupon")
def create(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.create(uow, actor, **body)


@api.get("/coupons", query=PageQuery, answer=CouponPageOut, summary="The coupons you gave out, newest first")
def listed(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.listed(uow, actor, **query)


@api.get("/coupons/<coupon_id>/uses", query=PageQuery, answer=CouponUsePageOut, summary="The orders it was used for")
def uses(uow: Uow, actor: Actor, coupon_id: str, query: dict[str, Any]) -> Any:
    return queries.uses(uow, actor, coupon_id, **query)


@api.post("/coupons/<coupon_id>/end", body=NoFields, answer=CouponOut, idempotent=True, summary="End a coupon now")
def end(uow: Uow, actor: Actor, coupon_id: str, body: dict[str, Any]) -> Any:
    return service.end(uow, actor, coupon_id)
