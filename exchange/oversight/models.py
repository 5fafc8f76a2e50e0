"""Tables of oversight."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime
from exchange.oversight.types import AlertSnapshot


class Alert(Base):
    """Something unusual, once for ever by its key."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged"),
        Index(
            "ix_alert_open", "id", sqlite_where=text("acknowledged_at IS NULL"),
            postgresql_where=text("acknowledged_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    rule: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    subject_id: Mapped[str] = mapped_column(Id)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    figures: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(Id, ForeignKey("account.id"))
    note: Mapped[str] = mapped_column(Text, default="")

    def snapshot(self) -> AlertSnapshot:
        return AlertSnapshot(
            self.id, self.rule, self.organisation_id, self.subject_id, self.starts_at, self.ends_at,
            json.loads(self.figures), json.loads(self.evidence), self.raised_at, self.changed_at,
            self.acknowledged_at, self.acknowledged_by, self.note,
        )  # fmt: skip


class RefusedDeed(Base):
    """A refusal of policy or of a licence as it stands in the audit log, with what it is looked up by."""

    __tablename__ = "refused_deed"
    __table_args__ = (Index("ix_refused_deed_at", "at"),)

    entry_id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id)
    action: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(60))
    subject_id: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class OversightMark(Base):
    """One row: up to when everything was looked at."""

    __tablename__ = "oversight_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
