"""Tables of periods. Their triggers stand in ``migrations/ddl/periods_*.sql``: closed once, for good, apart."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing.periods.types import ClosedPeriod, FailingClose, read_counts
from core.db import Base, Id, UtcDateTime
from core.months import Period


class ClosedPeriodRow(Base):
    """A month of an order's usage that was closed, and the usage that its close counted, some of it late.

    ``invoice_id`` is None when nothing of it was to be paid. ``usage`` is canonical JSON, hashed.
    """

    __tablename__ = "closed_period"
    __table_args__ = (
        UniqueConstraint("order_id", "starts_at"),
        UniqueConstraint("invoice_id"),
        CheckConstraint("starts_at < ends_at", name="half_open"),
    )

    order_id: Mapped[str] = mapped_column(Id, primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    zone: Mapped[str] = mapped_column(String(40))
    invoice_id: Mapped[str | None] = mapped_column(Id, ForeignKey("invoice.id"))
    usage: Mapped[str] = mapped_column(Text)
    usage_sha256: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> ClosedPeriod:
        period = Period(self.starts_at, self.ends_at, self.zone, self.month)
        counts = read_counts(json.loads(self.usage))
        return ClosedPeriod(self.order_id, period, self.invoice_id, counts, self.usage_sha256, self.closed_at)


class FailingCloseRow(Base):
    """A meter whose close failed the last time it was tried; gone as soon as one does not."""

    __tablename__ = "failing_close"

    entitlement_id: Mapped[str] = mapped_column(Id, ForeignKey("usage_hold.entitlement_id"), primary_key=True)
    order_id: Mapped[str] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime] = mapped_column(UtcDateTime)
    times: Mapped[int]

    def snapshot(self) -> FailingClose:
        return FailingClose(self.entitlement_id, self.order_id, self.reason, self.since, self.tried_at, self.times)
