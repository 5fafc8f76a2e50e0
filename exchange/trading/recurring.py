"""Tables of what goes on period after period: subscriptions, what each period cost, and announced prices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.trading.types import ChargedPeriod, SubscriptionSnapshot


class Subscription(Base):
    """An order that costs something in each period: by a fee in advance, or by a minimum afterwards.

    ``covered_until`` is the end of the last period that was charged. ``suspended_at``: an invoice of a fee was not
    paid for longer than the days of grace. ``plan`` is the price of now once it is another than what was ordered.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index("ix_subscription_covered_until", "ended_at", "covered_until"),)

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), primary_key=True)
    plan: Mapped[str | None] = mapped_column(Text)
    plan_hash: Mapped[str | None] = mapped_column(String(64))
    covered_until: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self, periods: tuple[ChargedPeriod, ...]) -> SubscriptionSnapshot:
        return SubscriptionSnapshot(
            self.order_id, self.covered_until, self.cancelled_at, self.suspended_at, self.ended_at, periods
        )


class SubscriptionPeriod(Base):
    """A period, or a part of one, that was charged; insert-only. No invoice where it cost nothing."""

    __tablename__ = "subscription_period"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="half_open"),
        CheckConstraint("net >= 0", name="net"),
    )

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("subscription.order_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    label: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    plan_hash: Mapped[str] = mapped_column(String(64))
    net: Mapped[int] = mapped_column(BigInteger)
    invoice_id: Mapped[str | None] = mapped_column(Id)

    def snapshot(self) -> ChargedPeriod:
        return ChargedPeriod(
            self.number, self.label, self.starts_at, self.ends_at, self.plan_hash, self.net, self.invoice_id
        )


class PriceNotice(Base):
    """Another price was announced to a subscriber; it holds from the first period that begins on that day or later."""

    __tablename__ = "price_notice"

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("subscription.order_id"), primary_key=True)
    offer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    plan: Mapped[str] = mapped_column(Text)
    plan_hash: Mapped[str] = mapped_column(String(64))
    announced_at: Mapped[datetime] = mapped_column(UtcDateTime)
    effective_from: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
