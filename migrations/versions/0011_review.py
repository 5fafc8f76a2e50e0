"""The work queue of reviews, documents of qualifications, claims of references."""

from __future__ import annotations

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nothing yet."""
