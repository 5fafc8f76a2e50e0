"""Coupons are given out, used for an order, and given back when it comes to nothing."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from billing.coupons import queries
from billing.coupons.errors import (
    CouponCodeTaken,
    CouponInvalid,
    CouponNotFitting,
    CouponOutOfTime,
    CouponUnknown,
    CouponUsedBefore,
    CouponUsedUp,
)
from billing.coupons.models import Coupon, Redemption
from billing.coupons.rules import discount_on
from billing.coupons.types import CouponSnapshot, Discount
from compliance.audit.service import record
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.money import WHOLE_BP, format_amount, parse_amount
from core.problems import Sentence
from core.rows import insert_missing

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{2,39}")


def create(
    uow: Uow, actor: Actor, *, code: str, percent_bp: int | None = None, amount: str | None = None,
    listing_id: str | None = None, minimum: str = "0", periods: int = 1, most: int | None = None,
    starts_at: datetime | None = None, ends_at: datetime | None = None,
) -> CouponSnapshot:  # fmt: skip
    """A supplier's coupon for its listings, which it carries; of finance of the platform, its campaign for all of them.

    Raises PolicyRefused, CouponInvalid, CouponCodeTaken, AmountInvalid.
    """
    own = actor.organisation_id
    decision = require(actor, "coupon:create", Resource("coupon", "new", {"owner": own}))
    currency, named = uow.house.settings.currency, _spelled(code)
    _check(percent_bp, amount, starts_at, ends_at)
    row = Coupon(
        id=new_id("cpn"), code=named, supplier_id=own, listing_id=listing_id, percent_bp=percent_bp,
        amount=None if amount is None else parse_amount(amount, currency, zero=False), currency=currency,
        minimum=parse_amount(minimum, currency, field="minimum"), periods=periods, most=most, redeemed=0,
        starts_at=starts_at or uow.now(), ends_at=ends_at, created_at=uow.now(),
    )  # fmt: skip
    if uow.session.execute(select(Coupon.id).where(Coupon.code == named)).first() is not None:
        raise CouponCodeTaken(field="code")
    uow.session.add(row)
    uow.session.flush()
    off = f"{percent_bp} bp" if percent_bp is not None else f"{format_amount(row.amount or 0, currency)} {currency}"
    record(
        uow, actor, action="coupon:create", object_id=row.id, decision=decision, data={"code": named, "off": off},
        concerns=[own or ""],
    )  # fmt: skip
    return row.snapshot()


def end(uow: Uow, actor: Actor, coupon_id: str) -> CouponSnapshot:
    """Nobody uses it from now on; orders that did keep what it takes off. Raises CouponNotFound, PolicyRefused."""
    row = queries.load(uow, actor, coupon_id)
    decision = require(actor, "coupon:end", queries.resource_of(row))
    row.ends_at = uow.now() if row.ends_at is None else min(row.ends_at, uow.now())
    uow.session.flush()
    record(uow, actor, action="coupon:end", object_id=row.id, decision=decision, concerns=[row.supplier_id or ""])
    return row.snapshot()


def redeem(
    uow: Uow, *, code: str, order_id: str, organisation_id: str, supplier_id: str, listing_id: str, net: int,
    currency: str,
) -> Discount:  # fmt: skip
    """Use a coupon for an order that costs ``net``; however many try at once, none is used too often.

    Raises CouponUnknown (also for another supplier's), CouponOutOfTime, CouponNotFitting, CouponUsedUp,
    CouponUsedBefore.
    """
    row = uow.session.execute(select(Coupon).where(Coupon.code == code.strip().upper())).scalar_one_or_none()
    if row is None or row.supplier_id not in (None, supplier_id) or row.listing_id not in (None, listing_id):
        raise CouponUnknown(field="coupon")
    if uow.now() < row.starts_at or (row.ends_at is not None and row.ends_at <= uow.now()):
        raise CouponOutOfTime(field="coupon")
    if net <= 0 or row.currency != currency:
        raise CouponNotFitting("It is for what is paid in advance.", field="coupon")
    if net < row.minimum:
        least = format_amount(row.minimum, currency)
        raise CouponNotFitting(Sentence("It is for orders of at least %(least)s.", least=least), field="coupon")
    _count_one(uow, row)
    used = {"coupon_id": row.id, "organisation_id": organisation_id, "order_id": order_id, "at": uow.now()}
    if not insert_missing(uow, Redemption, [used]):
        raise CouponUsedBefore(field="coupon")
    return discount_on(row.snapshot(), net, uow.house.settings.commission_bp)


def give_back(uow: Uow, order_id: str) -> None:
    """The order came to nothing: its coupon may be used again."""
    gone = delete(Redemption).where(Redemption.order_id == order_id).returning(Redemption.coupon_id)
    for coupon_id in uow.session.execute(gone).scalars().all():
        fewer = update(Coupon).where(Coupon.id == coupon_id).values(redeemed=Coupon.redeemed - 1)
        uow.session.execute(fewer.execution_options(synchronize_session=False))


def taken_off(uow: Uow, order_id: str, net: int, *, period: int = 1) -> Discount | None:
    """What the order's coupon takes off its payment, or off its period of that number; None when there is nothing."""
    chosen = select(Coupon).join(Redemption, Redemption.coupon_id == Coupon.id).where(Redemption.order_id == order_id)
    row = uow.session.execute(chosen).scalar_one_or_none()
    if row is None or period > row.periods:
        return None
    found = discount_on(row.snapshot(), net, uow.house.settings.commission_bp)
    return found if found.amount else None


def _count_one(uow: Uow, row: Coupon) -> None:
    """Decided by the database: of two that try for the last one, one succeeds."""
    mine = (Coupon.id == row.id, or_(Coupon.most.is_(None), Coupon.redeemed < Coupon.most))
    counted = update(Coupon).where(*mine).values(redeemed=Coupon.redeemed + 1).returning(Coupon.id)
    if uow.session.execute(counted.execution_options(synchronize_session=False)).first() is None:
        raise CouponUsedUp(field="coupon")


def _spelled(code: str) -> str:
    named = code.strip().upper()
    if not _CODE.fullmatch(named):
        raise CouponInvalid("A code has 3 to 40 letters, digits and hyphens.", field="code")
    return named


def _check(percent_bp: int | None, amount: str | None, starts_at: datetime | None, ends_at: datetime | None) -> None:
    if (percent_bp is None) == (amount is None):
        raise CouponInvalid("Say a percentage or an amount, one of the two.", field="amount")
    if percent_bp is not None and not 0 < percent_bp <= WHOLE_BP:
        raise CouponInvalid("A percentage is more than 0 and at most 100.", field="percent_bp")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise CouponInvalid("It ends after it begins.", field="ends_at")
