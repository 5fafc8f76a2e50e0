"""Operating: epochs of the audit log, announcements of the operators."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime
from migrations import apply_ddl

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "audit_epoch",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("cites", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_epoch")),
        sa.UniqueConstraint("origin", name=op.f("uq_audit_epoch_origin")),
    )
    op.create_table(
        "announcement",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("weight", sa.String(length=10), nullable=False),
        sa.Column("shows_from", UtcDateTime(), nullable=False),
        sa.Column("shows_until", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("shows_from < shows_until", name=op.f("ck_announcement_order")),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_announcement_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_index("ix_announcement_shows_until", "announcement", ["shows_until"], unique=False)
    apply_ddl(op.get_bind(), "epochs")
