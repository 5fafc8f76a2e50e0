"""Tables of coupons."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from billing.coupons.types import CouponSnapshot, Use
from core.db import Base, Id, UtcDateTime


class Coupon(Base):
    """A code and what it takes off. ``supplier_id`` is who made it and carries it; None is the platform."""

    __tablename__ = "coupon"
    __table_args__ = (
        CheckConstraint("(percent_bp IS NULL) <> (amount IS NULL)", name="one_of_two"),
        CheckConstraint("redeemed >= 0 AND (most IS NULL OR redeemed <= most)", name="redeemed"),
        Index("ix_coupon_supplier_id", "supplier_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    supplier_id: Mapped[str | None] = mapped_column(Id)
    listing_id: Mapped[str | None] = mapped_column(Id)
    percent_bp: Mapped[int | None]
    amount: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    minimum: Mapped[int] = mapped_column(BigInteger, default=0)
    periods: Mapped[int] = mapped_column(default=1)
    most: Mapped[int | None]
    redeemed: Mapped[int] = mapped_column(default=0)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> CouponSnapshot:
        return CouponSnapshot(
            id=self.id, code=self.code, supplier_id=self.supplier_id, listing_id=self.listing_id,
            percent_bp=self.percent_bp, amount=self.amount, currency=self.currency, minimum=self.minimum,
            periods=self.periods, most=self.most, redeemed=self.redeemed, starts_at=self.starts_at,
            ends_at=self.ends_at, created_at=self.created_at,
        )  # fmt: skip


class Redemption(Base):
    """An organisation used a coupon for an order; each organisation may once."""

    __tablename__ = "coupon_redemption"

    coupon_id: Mapped[str] = mapped_column(Id, ForeignKey("coupon.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> Use:
        return Use(self.organisation_id, self.order_id, self.at)
