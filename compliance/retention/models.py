"""Tables of retention."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.retention.types import HoldSnapshot, Keeping
from core.db import Base, Id, UtcDateTime


class Retention(Base):
    """Until when a thing must be kept, by each reason; the last of them counts."""

    __tablename__ = "retention"

    object_id: Mapped[str] = mapped_column(Id, primary_key=True)
    basis: Mapped[str] = mapped_column(String(100), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)

    def keeping(self) -> Keeping:
        return Keeping(self.object_id, self.basis, self.until)


class LegalHold(Base):
    """A hold that an officer placed; another one lets it go."""

    __tablename__ = "legal_hold"
    __table_args__ = (
        Index(
            "ix_legal_hold_standing", "object_id", unique=True,
            sqlite_where=text("released_at IS NULL"), postgresql_where=text("released_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    object_id: Mapped[str] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(Id, ForeignKey("account.id"))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_by: Mapped[str | None] = mapped_column(Id, ForeignKey("account.id"))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release_reason: Mapped[str] = mapped_column(Text, default="")

    def snapshot(self) -> HoldSnapshot:
        return HoldSnapshot(
            self.id, self.object_id, self.reason, self.placed_by, self.placed_at, self.released_by, self.released_at,
            self.release_reason,
        )  # fmt: skip
