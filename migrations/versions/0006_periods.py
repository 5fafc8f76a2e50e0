"""Invoices, statements and payables by period."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "organisation_timezone",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_timezone_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "starts_at", name=op.f("pk_organisation_timezone")),
    )
    op.create_table(
        "open_invoice",
        sa.Column("invoice_id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("buyer_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.CheckConstraint("outstanding > 0", name=op.f("ck_open_invoice_outstanding")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_open_invoice_invoice_id")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_open_invoice")),
    )
    op.create_index("ix_open_invoice_buyer_id", "open_invoice", ["buyer_id"], unique=False)
    op.create_table(
        "closed_period",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.Column("invoice_id", sa.String(length=40), nullable=True),
        sa.Column("usage", sa.Text(), nullable=False),
        sa.Column("usage_sha256", sa.String(length=64), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_closed_period_half_open")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_closed_period_invoice_id")),
        sa.PrimaryKeyConstraint("order_id", "month", name=op.f("pk_closed_period")),
        sa.UniqueConstraint("invoice_id", name=op.f("uq_closed_period_invoice_id")),
        sa.UniqueConstraint("order_id", "starts_at", name=op.f("uq_closed_period_order_id_starts_at")),
    )
    op.create_table(
        "failing_close",
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["usage_hold.entitlement_id"], name=op.f("fk_failing_close_entitlement_id")
        ),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("pk_failing_close")),
    )
    op.create_table(
        "withheld_payout",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("invoice_id", sa.String(length=40), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "invoice_id", "because", name=op.f("pk_withheld_payout")),
    )
    apply_ddl(op.get_bind(), "periods")
