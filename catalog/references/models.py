"""Tables of imported references and of the runs that imported them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from catalog.references.types import Candidate, ReferenceSnapshot, ReferenceState
from core.db import Base, Id, UtcDateTime


class ImportRun(Base):
    """One import of one file, with what became of its rows."""

    __tablename__ = "import_run"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(40), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_sha256: Mapped[str] = mapped_column(String(64))
    encoding: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20), default="running")
    rows: Mapped[int] = mapped_column(default=0)
    imported: Mapped[int] = mapped_column(default=0)
    queued: Mapped[int] = mapped_column(default=0)
    quarantined: Mapped[int] = mapped_column(default=0)
    reported: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    vanished: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportRow(Base):
    """A row that was not simply imported: its line, and the reason."""

    __tablename__ = "import_row"

    run_id: Mapped[str] = mapped_column(Id, ForeignKey("import_run.id"), primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    reference_id: Mapped[str | None] = mapped_column(Id)


class Reference(Base):
    """A listing of another exchange. Texts are stored masked; the source's own row is not kept."""

    __tablename__ = "reference"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        Index("ix_reference_state", "state", "id"),
        CheckConstraint("unit_price IS NULL OR unit_price > 0", name="price_positive"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(String(40))
    source_title: Mapped[dict[str, str]] = mapped_column(JSON)
    source_key: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[dict[str, str]] = mapped_column(JSON)
    summary: Mapped[dict[str, str]] = mapped_column(JSON)
    description: Mapped[dict[str, str]] = mapped_column(JSON)
    supplier: Mapped[str] = mapped_column(String(200))
    tags: Mapped[list[str]] = mapped_column(JSON)
    scene: Mapped[str] = mapped_column(String(100))
    origin: Mapped[str] = mapped_column(String(20))
    price_kind: Mapped[str] = mapped_column(String(20))
    price_text: Mapped[str] = mapped_column(Text)
    price_details: Mapped[str] = mapped_column(Text)
    currency: Mapped[str | None] = mapped_column(String(3))
    unit_price: Mapped[int | None] = mapped_column(BigInteger)
    price_per: Mapped[int] = mapped_column(BigInteger, default=1)
    price_period: Mapped[str | None] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    content_hash: Mapped[str] = mapped_column(String(64))
    source_updated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    line: Mapped[int] = mapped_column(BigInteger)
    last_run_id: Mapped[str] = mapped_column(Id, index=True)
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    vanished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    listing_id: Mapped[str | None] = mapped_column(Id, index=True)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    def take(self, found: Candidate, moment: datetime) -> None:
        """Become what the source says now; a class that needs review has to be reviewed again."""
        for name in _COPIED:
            setattr(self, name, getattr(found, name))
        self.tags = list(found.tags)
        self.state, self.reason = found.outcome, found.reason
        self.updated_at, self.vanished_at = moment, None
        self.version = (self.version or 0) + 1

    @property
    def findable(self) -> bool:
        """Whether everybody may find it by search."""
        return self.state == ReferenceState.IMPORTED and self.vanished_at is None and self.replaced_at is None

    def snapshot(self) -> ReferenceSnapshot:
        vanished = self.state == ReferenceState.IMPORTED and self.vanished_at is not None
        shown = {name: getattr(self, name) for name in _SHOWN} | {"tags": tuple(self.tags)}
        return ReferenceSnapshot(
            **shown
            | {"state": ReferenceState.VANISHED if vanished else self.state, "claimed": self.listing_id is not None}
        )


_COPIED = (
    "line", "address", "kind", "title", "summary", "description", "supplier", "scene", "origin", "price_kind",
    "price_text", "price_details", "currency", "unit_price", "price_per", "price_period", "source_updated_at",
    "content_hash",
)  # fmt: skip
_SHOWN = (
    "id", "source", "source_title", "address", "kind", "title", "summary", "description", "supplier", "scene",
    "origin", "price_kind", "price_text", "price_details", "currency", "unit_price", "price_per", "price_period",
    "state", "reason", "source_updated_at", "imported_at", "updated_at", "version",
    "listing_id", "replaced_at",
)  # fmt: skip
