"""Work that does not wait for other work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("job", sa.Column("lane", sa.String(length=5), server_default="short", nullable=False))
    op.execute("UPDATE job SET lane = 'long' WHERE kind = 'files:scan'")
