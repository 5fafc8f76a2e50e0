"""Changes for the gateways, and what they hold on lease."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass
