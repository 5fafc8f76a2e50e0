"""Tables of files."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.files.types import PART_BYTES, FileSnapshot, Scanning, ScanState, UploadSnapshot
from core.db import Base, Id, UtcDateTime


class Upload(Base):
    """A declared file on its way; its bytes stand in a partial file of the data folder."""

    __tablename__ = "upload"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(10))
    file_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> UploadSnapshot:
        return UploadSnapshot(
            self.id, self.name, self.size, self.sha256, self.received, self.state, self.file_id, PART_BYTES,
            self.expires_at,
        )  # fmt: skip


class StoredFile(Base):
    """One organisation's file. Two organisations with the same bytes have a row each and never learn of it."""

    __tablename__ = "stored_file"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(100))
    rows: Mapped[int | None] = mapped_column(BigInteger)
    profile: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text, default="{}")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    scan_state: Mapped[str] = mapped_column(String(10), default=ScanState.DONE)
    scan_done: Mapped[int] = mapped_column(BigInteger, default=0)
    scan_total: Mapped[int] = mapped_column(BigInteger, default=0)

    def snapshot(self, *, brief: bool = False) -> FileSnapshot:
        """``brief`` leaves the profile out, for lists that did not load it."""
        return FileSnapshot(
            self.id, self.name, self.size, self.sha256, self.media_type, self.rows,
            None if brief else self.profile, json.loads(self.facts),
            Scanning(self.scan_state, self.scan_done, self.scan_total),
        )  # fmt: skip
