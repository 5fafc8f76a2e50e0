"""Tables of settlement."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.settlement.types import Payable, PayableState
from core.db import Base, Id, UtcDateTime

_IN_FORCE = text("state <> 'reversed' AND net >= 0")
_ON_HOLD = text("state = 'on_hold'")


class PayableRow(Base):
    """One invoice's line of the supplier's account; its state changes once, from ``on_hold``.

    A line that is taken back in part is reversed, and the rest stands as a line of its own; what was released
    already is taken back by a negative line.
    """

    __tablename__ = "payable"
    __table_args__ = (
        CheckConstraint("net = commission + share", name="sums"),
        CheckConstraint("net >= 0 OR state = 'available'", name="sign"),
        Index("ix_payable_supplier_id", "supplier_id", "month"),
        Index("ix_payable_release_at", "release_at", sqlite_where=_ON_HOLD, postgresql_where=_ON_HOLD),
        Index(
            "uq_payable_invoice_id", "invoice_id", unique=True, sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    order_id: Mapped[str] = mapped_column(Id, index=True)
    supplier_id: Mapped[str] = mapped_column(Id)
    buyer_id: Mapped[str] = mapped_column(Id)
    listing_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"))
    period: Mapped[str] = mapped_column(String(7))
    month: Mapped[str] = mapped_column(String(7))
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = mapped_column(BigInteger)
    commission_bp: Mapped[int] = mapped_column()
    commission: Mapped[int] = mapped_column(BigInteger)
    share: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    release_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> Payable:
        return Payable(
            id=self.id, order_id=self.order_id, supplier_id=self.supplier_id, buyer_id=self.buyer_id,
            listing_id=self.listing_id, invoice_id=self.invoice_id, period=self.period, month=self.month,
            currency=self.currency, net=self.net, commission_bp=self.commission_bp, commission=self.commission,
            share=self.share, state=PayableState(self.state), release_at=self.release_at,
            created_at=self.created_at, settled_at=self.settled_at,
        )  # fmt: skip


class WithheldPayout(Base):
    """An order of which nothing is released, or one of its invoices, as long as the reason for it lasts."""

    __tablename__ = "withheld_payout"

    order_id: Mapped[str] = mapped_column(Id, primary_key=True)
    invoice_id: Mapped[str] = mapped_column(Id, primary_key=True, default="")
    because: Mapped[str] = mapped_column(Id, primary_key=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
