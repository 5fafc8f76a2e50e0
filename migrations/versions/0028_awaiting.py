"""What waits for a party is found among its open orders and disputes, however many have ended."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    for side in ("buyer_id", "supplier_id"):
        op.drop_index(f"ix_trade_order_{side}", "trade_order")
        op.create_index(f"ix_trade_order_{side}_state", "trade_order", [side, "state"])
    op.drop_index("ix_dispute_supplier_id", "dispute")
    op.create_index("ix_dispute_supplier_id_state", "dispute", ["supplier_id", "state"])
