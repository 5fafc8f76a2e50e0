"""Tables of dunning."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime


class DunningStep(Base):
    """A step that was taken for an invoice, once; insert-only. ``payment_id`` is the try with a kept card."""

    __tablename__ = "dunning_step"
    __table_args__ = (CheckConstraint("outstanding > 0", name="outstanding"),)

    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outstanding: Mapped[int] = mapped_column(BigInteger)
    payment_id: Mapped[str | None] = mapped_column(Id)


class DunningPause(Base):
    """Nothing more is told of an invoice while this lasts, and it lets no right rest; kept when it has ended."""

    __tablename__ = "dunning_pause"

    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"), primary_key=True)
    because: Mapped[str] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OverdueBuyer(Base):
    """Its rights by usage rest until what is overdue is paid."""

    __tablename__ = "overdue_buyer"

    buyer_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
