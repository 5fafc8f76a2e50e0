"""The table of announcements."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.announcements.types import AnnouncementSnapshot


class Announcement(Base):
    __tablename__ = "announcement"
    __table_args__ = (CheckConstraint("shows_from < shows_until", name="order"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    weight: Mapped[str] = mapped_column(String(10))
    shows_from: Mapped[datetime] = mapped_column(UtcDateTime)
    shows_until: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    made_by: Mapped[str] = mapped_column(Id, ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self, now: datetime) -> AnnouncementSnapshot:
        shown = self.ended_at is None and self.shows_from <= now < self.shows_until
        return AnnouncementSnapshot(
            self.id, self.text_zh, self.text_en, self.weight, self.shows_from, self.shows_until, self.made_at,
            self.ended_at, shown,
        )  # fmt: skip
