"""Words that the exchange's operators say mean the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from catalog.search.synonyms.types import SynonymsSnapshot
from core.db import Base, Id, UtcDateTime


class Synonyms(Base):
    __tablename__ = "search_synonyms"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    words: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> SynonymsSnapshot:
        return SynonymsSnapshot(self.id, tuple(self.words), self.created_at)
