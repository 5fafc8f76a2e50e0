"""Reads of coupons: a supplier's own, and for finance of the platform the platform's."""

from __future__ import annotations

from sqlalchemy import select

from billing.coupons.errors import CouponNotFound
from billing.coupons.models import Coupon
from billing.coupons.types import CouponSnapshot
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def resource_of(row: Coupon) -> Resource:
    return Resource("coupon", row.id, {"owner": row.supplier_id})


def load(uow: Uow, actor: Actor, coupon_id: str) -> Coupon:
    """Raises CouponNotFound, also for somebody else's."""
    row = uow.session.get(Coupon, coupon_id, with_for_update=True)
    mine = row is not None and row.supplier_id == actor.organisation_id
    if row is None or not mine or not decide(actor, "coupon:see", resource_of(row)).permitted:
        raise CouponNotFound()
    return row


def listed(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[CouponSnapshot]:
    """The coupons that the actor's side gave out, newest first. Raises PolicyRefused."""
    own = actor.organisation_id
    require(actor, "coupon:see", Resource("coupon", own or "platform", {"owner": own}))
    whose = Coupon.supplier_id == own if own else Coupon.supplier_id.is_(None)
    page = newest_first(
        uow, select(Coupon).where(whose), key=Coupon.id, purpose=f"coupons:{own}", cursor=cursor, limit=limit
    )
    return convert(page, lambda row: row.snapshot())
