"""Tax profiles, dunning and what accountants ask for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index("ix_ledger_transaction_posted_at", "ledger_transaction", ["posted_at", "id"])
    _taxes()
    _fapiao()
    _dunning()
    op.create_table(
        "month_close",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("closed_by", sa.String(length=40), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=40), nullable=True),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("confirmed_by IS NULL OR confirmed_by <> closed_by", name=op.f("ck_month_close_two_people")),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_month_close_confirmed")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_month_close")),
    )
    apply_ddl(op.get_bind(), "accounting")


def _taxes() -> None:
    op.create_table(
        "tax_details",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("taxpayer_number", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("bank", sa.String(length=100), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("vat_number", sa.String(length=40), nullable=False),
        sa.Column("vat_confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("exemption", sa.String(length=200), nullable=False),
        sa.Column("exempt_until", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("vat_confirmed_at IS NULL OR vat_number <> ''", name=op.f("ck_tax_details_confirmed")),
        sa.CheckConstraint("(exempt_until IS NULL) = (exemption = '')", name=op.f("ck_tax_details_exempt")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_tax_details_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_tax_details")),
    )


def _fapiao() -> None:
    op.create_table(
        "fapiao_request",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("invoice_id", sa.String(length=40), nullable=False),
        sa.Column("invoice_number", sa.String(length=20), nullable=False),
        sa.Column("buyer_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("requested_by", sa.String(length=40), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("gross = net + tax AND gross > 0", name=op.f("ck_fapiao_request_sums")),
        sa.CheckConstraint("(state = 'requested') = (decided_at IS NULL)", name=op.f("ck_fapiao_request_decided")),
        sa.CheckConstraint("(state = 'issued') = (number <> '')", name=op.f("ck_fapiao_request_number")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_fapiao_request_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fapiao_request")),
    )
    in_force, issued = sa.text("state <> 'refused'"), sa.text("state = 'issued'")
    op.create_index(
        "uq_fapiao_request_invoice_id",
        "fapiao_request",
        ["invoice_id"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_index(
        "uq_fapiao_request_number",
        "fapiao_request",
        ["number", "code"],
        unique=True,
        sqlite_where=issued,
        postgresql_where=issued,
    )
    op.create_index("ix_fapiao_request_buyer_id", "fapiao_request", ["buyer_id"])
    op.create_index("ix_fapiao_request_state", "fapiao_request", ["state"])


def _dunning() -> None:
    op.create_table(
        "dunning_step",
        sa.Column("invoice_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("outstanding > 0", name=op.f("ck_dunning_step_outstanding")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_dunning_step_invoice_id")),
        sa.PrimaryKeyConstraint("invoice_id", "step", name=op.f("pk_dunning_step")),
    )
    op.create_table(
        "overdue_buyer",
        sa.Column("buyer_id", sa.String(length=40), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["buyer_id"], ["organisation.id"], name=op.f("fk_overdue_buyer_buyer_id")),
        sa.PrimaryKeyConstraint("buyer_id", name=op.f("pk_overdue_buyer")),
    )
