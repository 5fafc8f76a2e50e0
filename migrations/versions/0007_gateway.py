"""Changes for the gateways, and what they hold on lease."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "gateway_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("xid", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_change")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_gateway_change_xid"), "gateway_change", ["xid"], unique=False)
    op.create_table(
        "gateway_epoch",
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("usages", sa.BigInteger(), nullable=False),
        sa.Column("credited", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_gateway_epoch")),
    )
    op.create_index(op.f("ix_gateway_epoch_state"), "gateway_epoch", ["state"], unique=False)
    op.create_table(
        "gateway_lease",
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("entitlement_id", sa.String(length=40), nullable=False),
        sa.Column("meter", sa.String(length=10), nullable=False),
        sa.Column("window", sa.String(length=32), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("consumed", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("granted >= 0 AND returned >= 0 AND consumed >= 0", name=op.f("ck_gateway_lease_counts")),
        sa.CheckConstraint("returned <= granted", name=op.f("ck_gateway_lease_returned")),
        sa.PrimaryKeyConstraint("epoch", "entitlement_id", "meter", "window", name=op.f("pk_gateway_lease")),
    )
    op.create_index(op.f("ix_gateway_lease_entitlement_id"), "gateway_lease", ["entitlement_id"], unique=False)
    op.create_table(
        "gateway_segment",
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "number", name=op.f("pk_gateway_segment")),
    )
    op.create_table(
        "gateway_unresolved",
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "seq", name=op.f("pk_gateway_unresolved")),
    )
    op.create_table(
        "gateway_damage",
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("kept_as", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "number", "position", name=op.f("pk_gateway_damage")),
    )
