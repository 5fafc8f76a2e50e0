"""The table of claims."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.references.claims.types import ClaimSnapshot, ClaimState
from catalog.references.models import Reference
from core.db import Base, Id, UtcDateTime


class Claim(Base):
    __tablename__ = "reference_claim"
    __table_args__ = (
        Index(
            "uq_reference_claim_open", "reference_id", "organisation_id", unique=True,
            sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_reference_claim_approved", "reference_id", unique=True,
            sqlite_where=text("state = 'approved'"), postgresql_where=text("state = 'approved'"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    reference_id: Mapped[str] = mapped_column(Id, ForeignKey("reference.id"))
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    statement: Mapped[str] = mapped_column(Text)
    documents: Mapped[list[str]] = mapped_column(JSON)
    match: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    listing_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    reference: Mapped[Reference] = relationship(lazy="joined")

    def close(self, state: ClaimState, moment: datetime, reason: str = "") -> None:
        self.state, self.reason, self.closed_at = state, reason, moment
        self.version += 1

    def snapshot(self) -> ClaimSnapshot:
        title: Mapping[str, str] = self.reference.title
        return ClaimSnapshot(
            self.id, self.reference_id, title, self.reference.supplier, self.organisation_id, self.statement,
            tuple(self.documents), self.match, self.state, self.reason, self.listing_id, self.created_at,
            self.closed_at, self.version,
        )  # fmt: skip
