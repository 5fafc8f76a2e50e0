"""Table of freezes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.freezes.types import FreezeSnapshot
from core.db import Base, Id, UtcDateTime


class Freeze(Base):
    """What stands, and what stood; one at a time on each thing."""

    __tablename__ = "freeze"
    __table_args__ = (
        Index(
            "ix_freeze_standing", "object_id", unique=True,
            sqlite_where=text("released_at IS NULL"), postgresql_where=text("released_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    object_id: Mapped[str] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> FreezeSnapshot:
        return FreezeSnapshot(self.id, self.kind, self.object_id, self.reason, self.placed_at, self.released_at)
