"""The table of requests for fapiao."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.fapiao.types import FapiaoKind, FapiaoRequest, FapiaoState
from core.db import Base, Id, UtcDateTime

_IN_FORCE = text("state <> 'refused'")
_ISSUED = text("state = 'issued'")


class FapiaoRow(Base):
    """One invoice has one that is not refused; a number stands for one invoice."""

    __tablename__ = "fapiao_request"
    __table_args__ = (
        CheckConstraint("gross = net + tax AND gross > 0", name="sums"),
        CheckConstraint("(state = 'requested') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(state = 'issued') = (number <> '')", name="number"),
        Index(
            "uq_fapiao_request_invoice_id", "invoice_id", unique=True, sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
        Index(
            "uq_fapiao_request_number", "number", "code", unique=True, sqlite_where=_ISSUED, postgresql_where=_ISSUED
        ),
        Index("ix_fapiao_request_buyer_id", "buyer_id"),
        Index("ix_fapiao_request_state", "state"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"))
    invoice_number: Mapped[str] = mapped_column(String(20))
    buyer_id: Mapped[str] = mapped_column(Id)
    kind: Mapped[str] = mapped_column(String(10))
    buyer: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    gross: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(20), default="")
    code: Mapped[str] = mapped_column(String(12), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    requested_by: Mapped[str] = mapped_column(Id)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    def snapshot(self, credited: int = 0) -> FapiaoRequest:
        return FapiaoRequest(
            id=self.id, invoice_id=self.invoice_id, invoice_number=self.invoice_number, buyer_id=self.buyer_id,
            kind=FapiaoKind(self.kind), buyer=json.loads(self.buyer), currency=self.currency, net=self.net,
            tax=self.tax, gross=self.gross, state=FapiaoState(self.state), number=self.number, code=self.code,
            reason=self.reason, requested_at=self.requested_at, decided_at=self.decided_at, version=self.version,
            credited=credited,
        )  # fmt: skip
