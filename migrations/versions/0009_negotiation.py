"""What a trade by negotiation keeps: terms, requirements, signatures."""

from __future__ import annotations

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing yet."""
