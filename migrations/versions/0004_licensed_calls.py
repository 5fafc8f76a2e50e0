"""Rights are looked up by their holder, and by when they end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_index(op.f("ix_entitlement_holder_id"), "entitlement", ["holder_id"], unique=False)
    op.create_index(
        "ix_entitlement_ends_at",
        "entitlement",
        ["ends_at"],
        unique=False,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
