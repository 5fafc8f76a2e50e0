"""Tables of delivery."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.delivery.types import CopySnapshot, ReceiptSnapshot, TraceSnapshot


class Receipt(Base):
    """Insert-only: which bytes of which file left in one answer. ``size`` is the whole file's.

    ``rows`` of them where they left as rows, None where as bytes.
    """

    __tablename__ = "delivery_receipt"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), index=True)
    file_id: Mapped[str] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(String(64))
    start: Mapped[int] = mapped_column(BigInteger)
    stop: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    account: Mapped[str] = mapped_column(Id)
    call_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> ReceiptSnapshot:
        complete = self.start == 0 and self.stop == self.size
        return ReceiptSnapshot(
            self.id, self.file_id, self.sha256, self.start, self.stop, self.size, self.at, complete
        )  # fmt: skip


class MarkedCopy(Base):
    """One buyer's copy of one file of its order: no other order ever refers to its bytes."""

    __tablename__ = "marked_copy"
    __table_args__ = (UniqueConstraint("order_id", "file_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), index=True)
    file_id: Mapped[str] = mapped_column(Id, ForeignKey("stored_file.id"), index=True)
    buyer_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    original_sha256: Mapped[str] = mapped_column(String(64), index=True)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    size: Mapped[int | None] = mapped_column(BigInteger)
    rows: Mapped[int | None] = mapped_column(BigInteger)
    places: Mapped[str | None] = mapped_column(Text)
    statement: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str | None] = mapped_column(Text)
    """Why it cannot be made, of an order that was accepted before its tier asked for the mark."""

    def snapshot(self) -> CopySnapshot:
        return CopySnapshot(
            self.id, self.order_id, self.file_id, self.buyer_id, self.sha256, self.size, self.rows,
            json.loads(self.statement) if self.statement else None, self.created_at, self.made_at, self.problem or "",
        )  # fmt: skip


class RowCount(Base):
    """How many rows of an order were handed out, and how many may be."""

    __tablename__ = "delivery_row_count"
    __table_args__ = (CheckConstraint("used >= 0 AND used <= allowed", name="quota"),)

    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), primary_key=True)
    allowed: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger)


class TraceCase(Base):
    """A leaked file whose buyer is looked for. Its bytes are kept until then only."""

    __tablename__ = "trace_case"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    asked_by: Mapped[str] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[str | None] = mapped_column(Text)

    def snapshot(self) -> TraceSnapshot:
        return TraceSnapshot(
            self.id, self.name, self.size, self.sha256, self.asked_at, self.done_at, self.problem,
            tuple(json.loads(self.result)) if self.result else (),
        )  # fmt: skip
