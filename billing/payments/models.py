"""Tables of payments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.payments.types import TopUp, TopUpState
from core.db import Base, Id, UtcDateTime

_IN_FORCE = text("state IN ('recorded', 'confirmed')")


class TopUpRow(Base):
    """A bank reference is unique among the top-ups in force: a mistaken one can be recorded anew."""

    __tablename__ = "top_up"
    __table_args__ = (
        Index(
            "uq_top_up_bank_reference",
            "bank_reference",
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("decided_by IS NULL OR state = 'cancelled' OR decided_by <> recorded_by", name="two_people"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    bank_reference: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10), index=True)
    recorded_by: Mapped[str] = mapped_column(Id)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    def snapshot(self) -> TopUp:
        return TopUp(
            id=self.id, organisation_id=self.organisation_id, amount=self.amount, currency=self.currency,
            bank_reference=self.bank_reference, state=TopUpState(self.state), recorded_by=self.recorded_by,
            recorded_at=self.recorded_at, decided_by=self.decided_by, decided_at=self.decided_at, reason=self.reason,
            version=self.version,
        )  # fmt: skip
