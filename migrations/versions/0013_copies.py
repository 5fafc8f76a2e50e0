"""Marked copies of files, links to them, and quotas of rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "marked_copy",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.Column("buyer_id", sa.String(length=40), nullable=False),
        sa.Column("original_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("places", sa.Text(), nullable=True),
        sa.Column("statement", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["buyer_id"], ["organisation.id"], name=op.f("fk_marked_copy_buyer_id")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_marked_copy_file_id")),
        sa.ForeignKeyConstraint(["order_id"], ["trade_order.id"], name=op.f("fk_marked_copy_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marked_copy")),
        sa.UniqueConstraint("order_id", "file_id", name=op.f("uq_marked_copy_order_id_file_id")),
    )
    for column in ("file_id", "order_id", "original_sha256", "sha256"):
        op.create_index(op.f(f"ix_marked_copy_{column}"), "marked_copy", [column], unique=False)
    op.create_table(
        "delivery_row_count",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("allowed", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("used >= 0 AND used <= allowed", name=op.f("ck_delivery_row_count_quota")),
        sa.ForeignKeyConstraint(["order_id"], ["trade_order.id"], name=op.f("fk_delivery_row_count_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_delivery_row_count")),
    )
    op.create_table(
        "trace_case",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_case")),
    )
