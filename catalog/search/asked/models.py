"""How often was asked for what, and which listings were shown: sums of days, of nobody in particular."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id


class Asked(Base):
    """``missed`` counts how often nothing was found."""

    __tablename__ = "search_asked"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    words: Mapped[str] = mapped_column(String(80), primary_key=True)
    times: Mapped[int]
    missed: Mapped[int]


class Shown(Base):
    __tablename__ = "search_shown"

    listing_id: Mapped[str] = mapped_column(Id, ForeignKey("listing.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)
    words: Mapped[str] = mapped_column(String(80), primary_key=True)
    times: Mapped[int]
