"""Invitations, second factors, signing keys, personal values under a key of their own."""

from __future__ import annotations

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing yet."""
