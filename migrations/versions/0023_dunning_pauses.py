"""Pauses of dunning; payments are found by the charge that the processor's books name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_index("ix_payment_charge_id", "payment", ["charge_id"])
    op.create_table(
        "dunning_pause",
        sa.Column("invoice_id", sa.String(length=40), nullable=False),
        sa.Column("because", sa.String(length=40), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_dunning_pause_invoice_id")),
        sa.PrimaryKeyConstraint("invoice_id", "because", name=op.f("pk_dunning_pause")),
    )
