"""Tables of what others say of our checkpoints. Insert-only, held by triggers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, UtcDateTime


class AuditCosignature(Base):
    """A witness' signature line under a checkpoint; ``at`` are the seconds since 1970 that it signed."""

    __tablename__ = "audit_cosignature"

    size: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_checkpoint.size"), primary_key=True)
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[str] = mapped_column(Text)


class AuditStamp(Base):
    """A time stamp (RFC 3161) over a checkpoint's text: the authority's whole answer."""

    __tablename__ = "audit_stamp"

    size: Mapped[int] = mapped_column(BigInteger, ForeignKey("audit_checkpoint.size"), primary_key=True)
    authority: Mapped[str] = mapped_column(String(200), primary_key=True)
    answer: Mapped[bytes] = mapped_column(LargeBinary)
    stamped_at: Mapped[datetime] = mapped_column(UtcDateTime)
