"""The usage ledger: records, batches, roll-ups, holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "usage_batch",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("ranges", sa.Text(), nullable=False),
        sa.Column("audit_entry_id", sa.String(length=40), nullable=False),
        sa.Column("loaded_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_batch")),
    )
    op.create_table(
        "usage_conflict",
        sa.Column("call_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "sha256", name=op.f("pk_usage_conflict")),
    )
    op.create_table(
        "usage_plan",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_usage_plan")),
    )
    op.create_table(
        "usage_hold",
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("supplier_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("limits", sa.Text(), nullable=True),
        sa.Column("leased", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("leased >= 0 AND held >= 0", name=op.f("ck_usage_hold_not_negative")),
        sa.ForeignKeyConstraint(["plan_hash"], ["usage_plan.hash"], name=op.f("fk_usage_hold_plan_hash")),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("pk_usage_hold")),
    )
    op.create_index(op.f("ix_usage_hold_listing_id"), "usage_hold", ["listing_id"], unique=False)
    op.create_index(op.f("ix_usage_hold_order_id"), "usage_hold", ["order_id"], unique=False)
    op.create_index(op.f("ix_usage_hold_organisation_id"), "usage_hold", ["organisation_id"], unique=False)
    op.create_index(op.f("ix_usage_hold_supplier_id"), "usage_hold", ["supplier_id"], unique=False)
    op.create_table(
        "usage_quota",
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_usage_quota_not_negative")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["usage_hold.entitlement_id"], name=op.f("fk_usage_quota_entitlement_id")
        ),
        sa.PrimaryKeyConstraint("entitlement_id", "label", name=op.f("pk_usage_quota")),
    )
    op.create_table(
        "usage_record",
        sa.Column("call_id", sa.String(length=40), nullable=False),
        sa.Column("batch_id", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False),
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("operation", sa.String(length=255), nullable=False),
        sa.Column("credential_id", sa.String(length=40), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=4), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("latency_us", sa.BigInteger(), nullable=False),
        sa.Column("credited", sa.Boolean(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["usage_batch.id"], name=op.f("fk_usage_record_batch_id")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["usage_hold.entitlement_id"], name=op.f("fk_usage_record_entitlement_id")
        ),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_usage_record")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_usage_record_batch_id_position")),
    )
    op.create_index("ix_usage_record_at", "usage_record", ["at", "call_id"], unique=False)
    op.create_index(
        "ix_usage_record_entitlement_id_at", "usage_record", ["entitlement_id", "at", "call_id"], unique=False
    )
    op.create_table(
        "usage_rollup",
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("quarter", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("operation", sa.String(length=255), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("mode", sa.String(length=4), nullable=False),
        sa.Column("credited", sa.Boolean(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("bytes_in", sa.BigInteger(), nullable=False),
        sa.Column("bytes_out", sa.BigInteger(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("latency_us", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "calls >= 0 AND bytes_in >= 0 AND bytes_out >= 0 AND records >= 0",
            name=op.f("ck_usage_rollup_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["usage_hold.entitlement_id"], name=op.f("fk_usage_rollup_entitlement_id")
        ),
        sa.PrimaryKeyConstraint(
            "entitlement_id",
            "quarter",
            "operation",
            "outcome",
            "plan_hash",
            "mode",
            "credited",
            name=op.f("pk_usage_rollup"),
        ),
    )
    op.create_index("ix_usage_rollup_quarter", "usage_rollup", ["quarter"], unique=False)
    op.create_table(
        "usage_window",
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("plan_hash", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=10), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("rated", sa.BigInteger(), nullable=False),
        sa.Column("billed", sa.BigInteger(), nullable=True),
        sa.Column("invoiced", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0 AND rated >= 0", name=op.f("ck_usage_window_not_negative")),
        sa.ForeignKeyConstraint(
            ["entitlement_id"], ["usage_hold.entitlement_id"], name=op.f("fk_usage_window_entitlement_id")
        ),
        sa.PrimaryKeyConstraint("entitlement_id", "plan_hash", "label", name=op.f("pk_usage_window")),
    )
    op.create_table(
        "usage_credit",
        sa.Column("call_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["usage_record.call_id"], name=op.f("fk_usage_credit_call_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_usage_credit")),
    )
    apply_ddl(op.get_bind(), "usage")
