"""The table of closed months."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from billing.accounting.types import MonthClose
from core.db import Base, Id, UtcDateTime


class MonthCloseRow(Base):
    """A month whose trial balance one person of finance closed and another confirmed.

    Triggers in ``migrations/ddl/accounting_*.sql``: what is confirmed stays, and nothing is posted into it.
    """

    __tablename__ = "month_close"
    __table_args__ = (
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> closed_by", name="two_people"),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
    )

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    closed_by: Mapped[str] = mapped_column(Id)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str | None] = mapped_column(Id)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> MonthClose:
        return MonthClose(
            self.month, self.ends_at, json.loads(self.document), self.sha256, self.closed_by, self.closed_at,
            self.confirmed_by, self.confirmed_at,
        )  # fmt: skip
