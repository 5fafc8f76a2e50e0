"""The table of documents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from compliance.documents.types import DocumentSnapshot
from core.db import Base, Id, UtcDateTime


class Document(Base):
    """What was handed in; its bytes stand sealed in the data folder under its id."""

    __tablename__ = "document"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    owner_id: Mapped[str | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(255))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> DocumentSnapshot:
        return DocumentSnapshot(
            self.id, self.owner_id, self.name, self.size, self.sha256, self.media_type, self.created_at
        )  # fmt: skip
