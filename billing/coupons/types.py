"""Coupons as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CouponSnapshot:
    """``percent_bp`` (basis points) or ``amount`` is taken off what costs at least ``minimum``, net.

    ``supplier_id`` is who carries it, None the platform; ``listing_id`` None means all of the supplier's listings.
    Of a subscription it is taken off the first ``periods``. ``most`` None: as often as it is asked for.
    """

    id: str
    code: str
    supplier_id: str | None
    listing_id: str | None
    percent_bp: int | None
    amount: int | None
    currency: str
    minimum: int
    periods: int
    most: int | None
    redeemed: int
    starts_at: datetime
    ends_at: datetime | None
    created_at: datetime

    @property
    def carried_by(self) -> str:
        return "supplier" if self.supplier_id else "platform"


@dataclass(frozen=True)
class Use:
    """An organisation used a coupon for an order."""

    organisation_id: str
    order_id: str
    at: datetime


@dataclass(frozen=True)
class Discount:
    """What a coupon takes off one net amount, and how much of that the platform's commission carries."""

    code: str
    amount: int
    carried: int
