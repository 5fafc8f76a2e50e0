"""Tables of subjects: a key for each person, and what is sealed under it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime


class Subject(Base):
    """``wrapped`` is the subject's key under the keyring; without it nothing of the subject can be read again."""

    __tablename__ = "subject"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    forgotten_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PersonalValue(Base):
    __tablename__ = "personal_value"

    subject_id: Mapped[str] = mapped_column(Id, ForeignKey("subject.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
