"""Tables of notices."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.notices.types import Notice


class NoticeRow(Base):
    """Something that happened, told to those who hold a role; ``key`` names the fact, so that it is told once."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_created_at", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    code: Mapped[str] = mapped_column(String(60))
    topic: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[str] = mapped_column(Id)
    subject: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self, *, read: bool) -> Notice:
        return Notice(
            id=self.id, code=self.code, topic=self.topic, subject_id=self.subject_id, subject=json.loads(self.subject),
            address=self.address, note=self.note, due_at=self.due_at, created_at=self.created_at, read=read,
        )  # fmt: skip


class NoticeAudience(Base):
    """Who is told: everybody who holds the role in the organisation, or one of the platform's (no organisation)."""

    __tablename__ = "notice_audience"
    __table_args__ = (Index("ix_notice_audience_who", "organisation_id", "role", "notice_id"),)

    notice_id: Mapped[str] = mapped_column(Id, ForeignKey("notice.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, primary_key=True, default="")
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class NoticeRead(Base):
    """An account has read a notice."""

    __tablename__ = "notice_read"

    notice_id: Mapped[str] = mapped_column(Id, ForeignKey("notice.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, primary_key=True)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NoticePreference(Base):
    """How an account wants to be told; without a row: by a letter a day, of everything."""

    __tablename__ = "notice_preference"

    account_id: Mapped[str] = mapped_column(Id, primary_key=True)
    digest: Mapped[str] = mapped_column(String(10))
    muted: Mapped[str] = mapped_column(Text)
    digested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
