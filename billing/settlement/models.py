"""Tables of settlement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from billing.settlement.types import Payable, PayableState
from core.db import Base, Id, UtcDateTime


class PayableRow(Base):
    """One order's line of the supplier's account; its state changes once, from ``on_hold``."""

    __tablename__ = "payable"
    __table_args__ = (CheckConstraint("net = commission + share", name="sums"),)

    order_id: Mapped[str] = mapped_column(Id, primary_key=True)
    supplier_id: Mapped[str] = mapped_column(Id, index=True)
    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"))
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = mapped_column(BigInteger)
    commission_bp: Mapped[int] = mapped_column()
    commission: Mapped[int] = mapped_column(BigInteger)
    share: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Payable:
        return Payable(
            order_id=self.order_id, supplier_id=self.supplier_id, invoice_id=self.invoice_id, currency=self.currency,
            net=self.net, commission_bp=self.commission_bp, commission=self.commission, share=self.share,
            state=PayableState(self.state), created_at=self.created_at, settled_at=self.settled_at,
        )  # fmt: skip
