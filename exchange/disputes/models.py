"""Tables of disputes."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.db import Base, Id, UtcDateTime
from exchange.disputes.types import Concern, DisputeSnapshot, DisputeState, Outcome, Statement

_GOES_ON = text("ended_at IS NULL")


class Dispute(Base):
    """One dispute about one order; an order has one at a time."""

    __tablename__ = "dispute"
    __table_args__ = (
        CheckConstraint("refunded >= 0", name="refunded"),
        CheckConstraint("(state = 'ruled') = (outcome IS NOT NULL)", name="outcome"),
        CheckConstraint("(state IN ('ruled', 'withdrawn')) = (ended_at IS NOT NULL)", name="ended"),
        Index("uq_dispute_order_id", "order_id", unique=True, sqlite_where=_GOES_ON, postgresql_where=_GOES_ON),
        Index("ix_dispute_order_id", "order_id"),
        Index("ix_dispute_buyer_id", "buyer_id"),
        Index("ix_dispute_supplier_id_state", "supplier_id", "state"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"))
    title: Mapped[str] = mapped_column(Text)
    buyer_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    supplier_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    state: Mapped[str] = mapped_column(String(10))
    ground: Mapped[str] = mapped_column(String(20))
    files: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    asked: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str | None] = mapped_column(String(10))
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    ruling: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    answer_by: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    concerns: Mapped[list[DisputeConcern]] = relationship(lazy="selectin", order_by="DisputeConcern.invoice_id")

    def snapshot(self) -> DisputeSnapshot:
        return DisputeSnapshot(
            id=self.id, order_id=self.order_id, title=json.loads(self.title), buyer_id=self.buyer_id,
            supplier_id=self.supplier_id, state=DisputeState(self.state), ground=self.ground,
            files=tuple(json.loads(self.files)), concerns=tuple(each.snapshot(self.currency) for each in self.concerns),
            currency=self.currency, asked=self.asked, outcome=Outcome(self.outcome) if self.outcome else None,
            refunded=self.refunded, ruling=self.ruling, opened_at=self.opened_at, answer_by=self.answer_by,
            ended_at=self.ended_at, version=self.version,
        )  # fmt: skip


class DisputeConcern(Base):
    """An invoice that a dispute is about."""

    __tablename__ = "dispute_concern"

    dispute_id: Mapped[str] = mapped_column(Id, ForeignKey("dispute.id"), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"), primary_key=True)
    period: Mapped[str] = mapped_column(String(7))
    lines: Mapped[str | None] = mapped_column(Text)
    credit_note_id: Mapped[str | None] = mapped_column(Id, ForeignKey("invoice.id"))
    credited: Mapped[int] = mapped_column(BigInteger, default=0)

    @property
    def numbers(self) -> list[int] | None:
        """The numbers of the lines, None for all of them."""
        found: list[int] | None = json.loads(self.lines) if self.lines else None
        return found

    def snapshot(self, currency: str) -> Concern:
        lines = tuple(self.numbers) if self.numbers else None
        return Concern(self.invoice_id, self.period, lines, self.credit_note_id, self.credited, currency)


class DisputeStatement(Base):
    """What one side said; insert-only."""

    __tablename__ = "dispute_statement"

    dispute_id: Mapped[str] = mapped_column(Id, ForeignKey("dispute.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    side: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(String(255), default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    audit_entry_id: Mapped[str] = mapped_column(Id)

    def snapshot(self) -> Statement:
        return Statement(
            self.number, self.side, self.text, self.file_name, self.media_type, self.size, self.sha256, self.at,
            self.audit_entry_id,
        )  # fmt: skip
