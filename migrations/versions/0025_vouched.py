"""What others say of the audit log's checkpoints: cosignatures of witnesses, time stamps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "audit_cosignature",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["audit_checkpoint.size"], name=op.f("fk_audit_cosignature_size")),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_audit_cosignature")),
    )
    op.create_table(
        "audit_stamp",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["size"], ["audit_checkpoint.size"], name=op.f("fk_audit_stamp_size")),
        sa.PrimaryKeyConstraint("size", "authority", name=op.f("pk_audit_stamp")),
    )
    apply_ddl(op.get_bind(), "vouched")
