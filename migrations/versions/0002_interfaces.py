"""Interface documents and what a revision keeps of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "openapi_import",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("openapi", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("servers", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("operations", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_openapi_import_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openapi_import")),
    )
    op.create_index(op.f("ix_openapi_import_organisation_id"), "openapi_import", ["organisation_id"], unique=False)
    op.create_table(
        "interface",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_interface_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface")),
    )
    op.create_index(op.f("ix_interface_organisation_id"), "interface", ["organisation_id"], unique=False)
    op.create_table(
        "interface_credential",
        sa.Column("interface_id", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["interface_id"], ["interface.id"], name=op.f("fk_interface_credential_interface_id")),
        sa.PrimaryKeyConstraint("interface_id", name=op.f("pk_interface_credential")),
    )
    op.create_table(
        "interface_trial",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("interface_id", sa.String(length=40), nullable=False),
        sa.Column("operation", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("problem", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("latency_us", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("scan", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["interface_id"], ["interface.id"], name=op.f("fk_interface_trial_interface_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface_trial")),
    )
    op.create_index("ix_interface_trial_interface_id_at", "interface_trial", ["interface_id", "at"], unique=False)
    # Written out: both databases can add a column with its reference, and the table keeps its triggers.
    op.execute(
        "ALTER TABLE revision ADD COLUMN interface_id VARCHAR(40) "
        "CONSTRAINT fk_revision_interface_id REFERENCES interface (id)"
    )
    apply_ddl(op.get_bind(), "interfaces")
