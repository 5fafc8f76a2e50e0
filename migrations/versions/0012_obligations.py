"""Export counters, requests of data subjects, freezes, retention and legal hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "freeze",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freeze")),
    )
    op.create_index(
        "ix_freeze_standing",
        "freeze",
        ["object_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "retention",
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("basis", sa.String(length=100), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("object_id", "basis", name=op.f("pk_retention")),
    )
    op.create_table(
        "export_year",
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_export_year_organisation_id")),
        sa.PrimaryKeyConstraint("organisation_id", "year", name=op.f("pk_export_year")),
    )
    op.create_table(
        "person_set",
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("sensitive", sa.BigInteger(), nullable=False),
        sa.Column("identifiers", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.String(length=40), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("sensitive >= 0 AND persons >= sensitive", name=op.f("ck_person_set_figures")),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_person_set_owner_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_person_set")),
    )
    op.create_index(op.f("ix_person_set_owner_id"), "person_set", ["owner_id"], unique=False)
    op.create_table(
        "subject_request",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("forget_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], name=op.f("fk_subject_request_subject_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_request")),
    )
    op.create_index(op.f("ix_subject_request_forget_at"), "subject_request", ["forget_at"], unique=False)
    op.create_index(op.f("ix_subject_request_state"), "subject_request", ["state"], unique=False)
    op.create_table(
        "export_clearance",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("mechanism", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("countries", sa.String(length=2000), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_until", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(length=40), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_export_clearance_organisation_id")
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_export_clearance_recorded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_clearance")),
    )
    op.create_index(op.f("ix_export_clearance_organisation_id"), "export_clearance", ["organisation_id"], unique=False)
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=40), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(length=40), nullable=True),
        sa.Column("released_at", UtcDateTime(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["placed_by"], ["account.id"], name=op.f("fk_legal_hold_placed_by")),
        sa.ForeignKeyConstraint(["released_by"], ["account.id"], name=op.f("fk_legal_hold_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index(
        "ix_legal_hold_standing",
        "legal_hold",
        ["object_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "subject_task",
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("file_ids", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_subject_task_organisation_id")),
        sa.ForeignKeyConstraint(["request_id"], ["subject_request.id"], name=op.f("fk_subject_task_request_id")),
        sa.PrimaryKeyConstraint("request_id", "organisation_id", name=op.f("pk_subject_task")),
    )
    op.create_index(op.f("ix_subject_task_organisation_id"), "subject_task", ["organisation_id"], unique=False)
    op.create_table(
        "export",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("supplier_id", sa.String(length=40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.String(length=40), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column("destinations", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("sensitive", sa.BigInteger(), nullable=False),
        sa.Column("clearance_id", sa.String(length=40), nullable=True),
        sa.Column("reserved_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["clearance_id"], ["export_clearance.id"], name=op.f("fk_export_clearance_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["organisation.id"], name=op.f("fk_export_supplier_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_export")),
    )
    op.create_index(op.f("ix_export_supplier_id"), "export", ["supplier_id"], unique=False)
    op.create_table(
        "export_file",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("file_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["export.order_id"], name=op.f("fk_export_file_order_id")),
        sa.PrimaryKeyConstraint("order_id", "file_id", name=op.f("pk_export_file")),
    )
