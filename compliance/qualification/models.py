"""Tables of qualification: what was aimed at, and the documents that prove it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime


class QualificationAim(Base):
    """The level an organisation asked for the last time, in its own words why."""

    __tablename__ = "qualification_aim"
    __table_args__ = (CheckConstraint("level >= 2 AND level <= 4", name="level_in_range"),)

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    level: Mapped[int]
    statement: Mapped[str] = mapped_column(Text)
    handed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)


class QualificationDocument(Base):
    """The newest document of each kind; earlier ones are named in the audit log."""

    __tablename__ = "qualification_document"

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    document_id: Mapped[str] = mapped_column(Id, ForeignKey("document.id"))
    state: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    valid_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
