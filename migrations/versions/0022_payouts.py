"""Payouts to suppliers: connected accounts, transfers and bank transfers out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "settlement_run",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("file_made_by", sa.String(length=40), nullable=False),
        sa.Column("file_made_at", UtcDateTime(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("executed_by", sa.String(length=40), nullable=False),
        sa.Column("executed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "executed_by = '' OR executed_by <> file_made_by", name=op.f("ck_settlement_run_two_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_run")),
    )
    op.create_index(
        "uq_settlement_run_currency",
        "settlement_run",
        ["currency"],
        unique=True,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "connected_account",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("submitted", sa.Boolean(), nullable=False),
        sa.Column("transfers", sa.Boolean(), nullable=False),
        sa.Column("payouts_enabled", sa.Boolean(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_connected_account_organisation_id")
        ),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_connected_account")),
    )
    op.create_index("ix_connected_account_look_at", "connected_account", ["look_at"], unique=False)
    op.create_index("ix_connected_account_remote_id", "connected_account", ["remote_id"], unique=False)
    op.create_table(
        "payout",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("destination", sa.String(length=120), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("carried", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("reversed", sa.BigInteger(), nullable=False),
        sa.Column("reversing", sa.BigInteger(), nullable=False),
        sa.Column("in_file", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'reserved') = (ended_at IS NULL)", name=op.f("ck_payout_ended")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payout_amount")),
        sa.CheckConstraint(
            "reversed >= 0 AND reversing >= 0 AND reversed + reversing <= amount", name=op.f("ck_payout_no_more_back")
        ),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_payout_organisation_id")),
        sa.ForeignKeyConstraint(["run_id"], ["settlement_run.id"], name=op.f("fk_payout_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
    )
    op.create_index("ix_payout_organisation_id", "payout", ["organisation_id", "currency", "id"], unique=False)
    op.create_index(op.f("ix_payout_remote_id"), "payout", ["remote_id"], unique=False)
    op.create_index(
        "uq_payout_organisation_id",
        "payout",
        ["organisation_id", "currency"],
        unique=True,
        sqlite_where=sa.text("state = 'reserved'"),
        postgresql_where=sa.text("state = 'reserved'"),
    )
    op.create_index("uq_payout_run_id", "payout", ["run_id", "organisation_id"], unique=True)
    op.create_table(
        "settlement_skip",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_settlement_skip_organisation_id")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["settlement_run.id"], name=op.f("fk_settlement_skip_run_id")),
        sa.PrimaryKeyConstraint("run_id", "organisation_id", name=op.f("pk_settlement_skip")),
    )
    op.create_table(
        "supplier_arrival",
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("arrives_at", UtcDateTime(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_supplier_arrival_organisation_id")
        ),
        sa.PrimaryKeyConstraint("remote_id", name=op.f("pk_supplier_arrival")),
    )
    op.create_index(
        "ix_supplier_arrival_organisation_id", "supplier_arrival", ["organisation_id", "remote_id"], unique=False
    )
    op.create_table(
        "supplier_bank_account",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=140), nullable=False),
        sa.Column("bank", sa.String(length=140), nullable=False),
        sa.Column("bank_code", sa.String(length=12), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("usable_from", UtcDateTime(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_supplier_bank_account_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier_bank_account")),
    )
    op.create_index(
        "uq_supplier_bank_account_organisation_id",
        "supplier_bank_account",
        ["organisation_id"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )
    op.create_table(
        "payout_line",
        sa.Column("payout_id", sa.String(length=40), nullable=False),
        sa.Column("payable_id", sa.String(length=40), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["payable_id"], ["payable.id"], name=op.f("fk_payout_line_payable_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_payout_line_payout_id")),
        sa.PrimaryKeyConstraint("payout_id", "payable_id", name=op.f("pk_payout_line")),
    )
    op.create_index(
        "uq_payout_line_payable_id",
        "payout_line",
        ["payable_id"],
        unique=True,
        sqlite_where=sa.text("live"),
        postgresql_where=sa.text("live"),
    )
    op.create_table(
        "transfer_reversal",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payout_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfer_reversal_amount")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_transfer_reversal_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_reversal")),
    )
    op.create_index(
        "ix_transfer_reversal_organisation_id", "transfer_reversal", ["organisation_id", "currency"], unique=False
    )
    op.create_index("ix_transfer_reversal_payout_id", "transfer_reversal", ["payout_id"], unique=False)
    op.create_index(op.f("ix_transfer_reversal_remote_id"), "transfer_reversal", ["remote_id"], unique=False)
