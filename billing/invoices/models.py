"""Tables of invoices. Their triggers stand in ``migrations/ddl/billing_*.sql``: no change, no gap."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime

_IS_INVOICE = text("series = 'INV'")


class InvoiceSeries(Base):
    """The counter of one issuer's row of numbers, None until the first; its last number must exist at commit."""

    __tablename__ = "invoice_series"
    __table_args__ = (
        ForeignKeyConstraint(
            ["issuer", "series", "last_number"],
            ["invoice.issuer", "invoice.series", "invoice.serial"],
            name="fk_invoice_series_last_number",
            deferrable=True,
            initially="DEFERRED",
        ),
    )

    issuer: Mapped[str] = mapped_column(Id, primary_key=True)
    series: Mapped[str] = mapped_column(String(3), primary_key=True)
    last_number: Mapped[int | None] = mapped_column(BigInteger)


class InvoiceRow(Base):
    """A frozen document and what lists need of it; ``period`` is empty for what was charged once."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("issuer", "series", "serial"),
        CheckConstraint("gross = net + tax", name="sums"),
        CheckConstraint("(series = 'CRN') = (corrects_id IS NOT NULL)", name="corrects"),
        CheckConstraint("(series = 'INV' AND net >= 0) OR (series = 'CRN' AND net <= 0)", name="sign"),
        Index(
            "uq_invoice_order_id_period", "order_id", "period", unique=True, sqlite_where=_IS_INVOICE,
            postgresql_where=_IS_INVOICE,
        ),
        Index("ix_invoice_corrects_id", "corrects_id"),
        Index("ix_invoice_order_id", "order_id"),
        Index("ix_invoice_buyer_id", "buyer_id"),
        Index("ix_invoice_supplier_id", "supplier_id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    issuer: Mapped[str] = mapped_column(Id)
    series: Mapped[str] = mapped_column(String(3))
    serial: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str] = mapped_column(Id)
    period: Mapped[str] = mapped_column(String(7), default="")
    buyer_id: Mapped[str] = mapped_column(Id)
    supplier_id: Mapped[str] = mapped_column(Id)
    currency: Mapped[str] = mapped_column(String(3))
    net: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    gross: Mapped[int] = mapped_column(BigInteger)
    corrects_id: Mapped[str | None] = mapped_column(Id, ForeignKey("invoice.id"))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    body: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))


class OpenInvoice(Base):
    """What is still to be paid of an invoice of usage; gone when it is paid or credited."""

    __tablename__ = "open_invoice"
    __table_args__ = (
        CheckConstraint("outstanding > 0", name="outstanding"),
        Index("ix_open_invoice_buyer_id", "buyer_id"),
    )

    invoice_id: Mapped[str] = mapped_column(Id, ForeignKey("invoice.id"), primary_key=True)
    order_id: Mapped[str] = mapped_column(Id)
    buyer_id: Mapped[str] = mapped_column(Id)
    currency: Mapped[str] = mapped_column(String(3))
    outstanding: Mapped[int] = mapped_column(BigInteger)
    payments: Mapped[int] = mapped_column()
    since: Mapped[datetime] = mapped_column(UtcDateTime)
