"""The table of tax details."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from billing.taxes.types import TaxDetails
from core.db import Base, Id, UtcDateTime


class TaxDetailsRow(Base):
    """One organisation's; what is confirmed falls away when what it was confirmed for changes."""

    __tablename__ = "tax_details"
    __table_args__ = (
        CheckConstraint("vat_confirmed_at IS NULL OR vat_number <> ''", name="confirmed"),
        CheckConstraint("(exempt_until IS NULL) = (exemption = '')", name="exempt"),
    )

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    title: Mapped[str] = mapped_column(String(150), default="")
    taxpayer_number: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    bank: Mapped[str] = mapped_column(String(100), default="")
    account: Mapped[str] = mapped_column(String(40), default="")
    vat_number: Mapped[str] = mapped_column(String(40), default="")
    vat_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exemption: Mapped[str] = mapped_column(String(200), default="")
    exempt_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=0)

    def snapshot(self) -> TaxDetails:
        return TaxDetails(
            self.organisation_id, self.title, self.taxpayer_number, self.address, self.phone, self.bank, self.account,
            self.vat_number, self.vat_confirmed_at, self.exemption, self.exempt_until, self.version,
        )  # fmt: skip
