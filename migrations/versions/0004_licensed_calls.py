"""What an order and its entitlement keep of licensed calls."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    pass
