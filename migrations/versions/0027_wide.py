"""Lists and queues are read in their own order, however long they are."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    for index in ("ix_listing_state_tier", "ix_listing_supplier_id", "ix_listing_review_by"):
        op.drop_index(index, "listing")
    op.create_index("ix_listing_state_id", "listing", ["state", "id"])
    op.create_index("ix_listing_scene_state_id", "listing", ["scene", "state", "id"])
    op.create_index("ix_listing_supplier_id_id", "listing", ["supplier_id", "id"])
    op.create_index("ix_listing_supplier_id_state", "listing", ["supplier_id", "state"])
    op.create_index("ix_listing_state_review_by", "listing", ["state", "review_by"])
    op.create_index("ix_listing_figures", "listing", ["state", "scene", "origin", "kind", "tier"])
    op.drop_index("ix_review_state", "review")
    op.create_index("ix_review_state_id", "review", ["state", "id"])
