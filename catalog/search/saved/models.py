"""Tables of saved searches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.search.saved.types import SavedSearchSnapshot
from core.db import Base, Id, UtcDateTime


class SavedSearch(Base):
    __tablename__ = "saved_search"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    filters: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    def snapshot(self) -> SavedSearchSnapshot:
        filters = {name: tuple(values) for name, values in self.filters.items()}
        return SavedSearchSnapshot(
            self.id, self.organisation_id, self.name, self.text, filters, self.created_at, self.checked_at
        )


class SavedSearchTold(Base):
    """What a saved search has found before; it is not told again."""

    __tablename__ = "saved_search_told"

    search_id: Mapped[str] = mapped_column(Id, ForeignKey("saved_search.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(Id, primary_key=True)
