"""What an organisation may spend, and who may say so.

Limits that stand are those of a month too from now on; orders made before are not counted in it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.db import UtcDateTime

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("spending_limit", sa.Column("monthly", sa.BigInteger(), nullable=True))
    op.add_column("marked_copy", sa.Column("problem", sa.Text(), nullable=True))
    op.create_table(
        "order_bound_alone",
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.String(length=40), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["trade_order.id"], name=op.f("fk_order_bound_alone_order_id_trade_order")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_order_bound_alone_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_bound_alone")),
    )
    op.create_index(
        "ix_order_bound_alone_member", "order_bound_alone", ["organisation_id", "account_id", "at"], unique=False
    )
