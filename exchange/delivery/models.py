"""Tables of delivery."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.delivery.types import ReceiptSnapshot


class Receipt(Base):
    """Insert-only: which bytes of which file left in one answer. ``size`` is the whole file's."""

    __tablename__ = "delivery_receipt"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, ForeignKey("trade_order.id"), index=True)
    file_id: Mapped[str] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(String(64))
    start: Mapped[int] = mapped_column(BigInteger)
    stop: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    account: Mapped[str] = mapped_column(Id)
    call_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> ReceiptSnapshot:
        complete = self.start == 0 and self.stop == self.size
        return ReceiptSnapshot(
            self.id, self.file_id, self.sha256, self.start, self.stop, self.size, self.at, complete
        )  # fmt: skip
