"""Reads of coupons: a supplier's own, and for finance of the platform the platform's."""

from __future__ import annotations

from sqlalchemy import select

from billing.coupons.errors import CouponNotFound
from billing.coupons.models import Coupon, Redemption
from billing.coupons.types import CouponSnapshot, Use
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def resource_of(row: Coupon) -> Resource:
    return Resource("coupon", row.id, {"owner": row.supplier_id})


def get(uow: Uow, actor: Actor, coupon_id: str) -> CouponSnapshot:
    """Raises CouponNotFound, also for somebody else's."""
    return load(uow, actor, coupon_id, lock=False).snapshot()


def load(uow: Uow, actor: Actor, coupon_id: str, *, lock: bool = True) -> Coupon:
    """Raises CouponNotFound, also for somebody else's."""
    row = uow.session.get(Coupon, coupon_id, with_for_update=lock or None)
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


def uses(uow: Uow, actor: Actor, coupon_id: str, *, cursor: str | None = None, limit: int = 25) -> Page[Use]:
    """The orders that a coupon was used for and that came to something, newest first. Raises CouponNotFound."""
    load(uow, actor, coupon_id, lock=False)
    page = newest_first(
        uow, select(Redemption).where(Redemption.coupon_id == coupon_id), key=Redemption.order_id,
        purpose=f"coupon-uses:{coupon_id}", cursor=cursor, limit=limit,
    )  # fmt: skip
    return convert(page, Redemption.snapshot)
