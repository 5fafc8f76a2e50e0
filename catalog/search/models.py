"""Ids that search must not show although the index may still hold them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, UtcDateTime


class SearchExclusion(Base):
    """Written in the unit that narrowed who may see a thing; gone once the index has caught up with it."""

    __tablename__ = "search_exclusion"

    object_id: Mapped[str] = mapped_column(Id, primary_key=True)
    mark: Mapped[str] = mapped_column(Id)
    narrowed_at: Mapped[datetime] = mapped_column(UtcDateTime)
