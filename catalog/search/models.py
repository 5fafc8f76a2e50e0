"""What the index has still to catch up with."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id


class SearchPending(Base):
    """A thing that changed; written in the unit of its change, gone once the index has caught up with it.

    ``hidden`` ones were narrowed: search must not show them, although the index may still hold them.
    """

    __tablename__ = "search_pending"

    object_id: Mapped[str] = mapped_column(Id, primary_key=True)
    mark: Mapped[str] = mapped_column(Id)
    hidden: Mapped[bool] = mapped_column(default=False, index=True)
