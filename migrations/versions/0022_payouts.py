"""Payouts to suppliers: connected accounts, transfers and bank transfers out."""

from __future__ import annotations

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    pass
