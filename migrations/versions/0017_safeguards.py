"""Safeguards of review, of exports and of documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("export", sa.Column("lacking", sa.String(length=60), server_default="", nullable=False))
    op.create_table(
        "export_count",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("sensitive", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("sensitive >= 0 AND persons >= sensitive", name=op.f("ck_export_count_figures")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_export_count")),
    )
    op.create_table(
        "kept_signer",
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=True),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_kept_signer_account_id")),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.id"], name=op.f("fk_kept_signer_subject_id")),
        sa.PrimaryKeyConstraint("account_id", "object_id", name=op.f("pk_kept_signer")),
    )
    op.create_index(op.f("ix_kept_signer_object_id"), "kept_signer", ["object_id"], unique=False)
    op.create_index(op.f("ix_kept_signer_subject_id"), "kept_signer", ["subject_id"], unique=False)
    op.execute(_SIGNED)
    if op.get_context().dialect.name == "postgresql":
        for table, column, kind in _SEALED:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")  # the statistics of before go with it
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


_SEALED = (
    ("subject", "wrapped", "bytea"), ("personal_value", "sealed", "bytea"), ("mail_letter", "sealed", "bytea"),
    ("account", "address_mark", "varchar(64)"), ("account", "password_hash", "varchar(200)"),
    ("sign_in_session", "client", "bytea"), ("second_factor", "sealed", "bytea"), ("second_factor", "offered", "bytea"),
    ("signing_key", "sealed", "bytea"),
)  # fmt: skip
"""What forgetting destroys: PostgreSQL keeps samples of every column for its planner, of these from now on none."""

_SIGNED = """
INSERT INTO kept_signer (account_id, object_id, subject_id, signed_at, looked_at)
SELECT a.id, c.order_id, NULL, MIN(s.signed_at), MIN(s.signed_at)
FROM contract_signature s
JOIN contract c ON c.id = s.contract_id
JOIN account a ON a.pseudonym = s."by"
JOIN subject p ON p.id = a.subject_id AND p.forgotten_at IS NULL
GROUP BY a.id, c.order_id
"""
"""Of what was signed before; whoever was forgotten before has no name any more."""
