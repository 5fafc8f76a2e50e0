"""Tables of listings. Revisions and offers are insert-only; a listing points at its current ones."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from catalog.files.models import StoredFile
from catalog.interfaces.models import Interface
from catalog.listings.types import ListingSnapshot, ListingState, OfferSnapshot, RevisionSnapshot
from core.db import Base, Id, UtcDateTime


class Listing(Base):
    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint("tier >= 0 AND tier <= 5", name="tier_in_range"),
        Index("ix_listing_state_id", "state", "id"),
        Index("ix_listing_scene_state_id", "scene", "state", "id"),
        Index("ix_listing_supplier_id_id", "supplier_id", "id"),
        Index("ix_listing_supplier_id_state", "supplier_id", "state"),
        Index("ix_listing_state_review_by", "state", "review_by"),
        Index("ix_listing_figures", "state", "scene", "origin", "kind", "tier"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    supplier_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    title: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="{}")
    description: Mapped[str] = mapped_column(Text, default="{}")
    scene: Mapped[str] = mapped_column(String(40))
    origin: Mapped[str] = mapped_column(String(20))
    tags: Mapped[str] = mapped_column(Text, default="[]")
    licence_terms: Mapped[str] = mapped_column(Text, default="{}")
    declarations: Mapped[str] = mapped_column(Text, default="{}")
    tier: Mapped[int]
    raised_tier: Mapped[int] = mapped_column(default=0)
    proposed_tier: Mapped[int | None]
    impact: Mapped[str] = mapped_column(Text, default="")
    tier_reasons: Mapped[str] = mapped_column(Text, default="[]")
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    revision_id: Mapped[str | None] = mapped_column(Id)
    offer_id: Mapped[str | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lowered_to: Mapped[int | None]
    lowered_for: Mapped[str | None] = mapped_column(Id)
    review_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    called_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[Revision | None] = relationship(
        primaryjoin="foreign(Listing.revision_id) == Revision.id", lazy="joined", viewonly=True
    )
    offer: Mapped[Offer | None] = relationship(
        primaryjoin="foreign(Listing.offer_id) == Offer.id", lazy="joined", viewonly=True
    )

    @property
    def on_sale(self) -> bool:
        return self.state == ListingState.LISTED

    def snapshot(self, *, brief: bool = False) -> ListingSnapshot:
        """``brief`` knows its files without their profiles."""
        return ListingSnapshot(
            id=self.id, kind=self.kind, supplier_id=self.supplier_id, title=json.loads(self.title),
            summary=json.loads(self.summary), description=json.loads(self.description), scene=self.scene,
            origin=self.origin, tags=tuple(json.loads(self.tags)), licence_terms=json.loads(self.licence_terms),
            declarations=json.loads(self.declarations), tier=self.tier, proposed_tier=self.proposed_tier,
            impact=json.loads(self.impact) if self.impact else None,
            tier_reasons=tuple(json.loads(self.tier_reasons)), state=self.state, reason=self.reason,
            revision=self.revision.snapshot(brief=brief) if self.revision else None,
            offer=self.offer.snapshot() if self.offer else None, version=self.version, created_at=self.created_at,
            updated_at=self.updated_at, listed_at=self.listed_at, review_by=self.review_by, stopped_at=self.stopped_at,
        )  # fmt: skip


class Revision(Base):
    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("listing_id", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    listing_id: Mapped[str] = mapped_column(Id, ForeignKey("listing.id"))
    number: Mapped[int]
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    interface_id: Mapped[str | None] = mapped_column(Id, ForeignKey("interface.id"))
    interface: Mapped[Interface | None] = relationship(lazy="joined")
    entries: Mapped[list[RevisionFile]] = relationship(lazy="selectin", order_by="RevisionFile.position")

    def snapshot(self, *, brief: bool = False) -> RevisionSnapshot:
        files = tuple(entry.file.snapshot(brief=brief) for entry in self.entries)
        interface = self.interface.snapshot() if self.interface else None
        return RevisionSnapshot(self.id, self.number, files, self.created_at, self.notes, interface)


class RevisionFile(Base):
    __tablename__ = "revision_file"

    revision_id: Mapped[str] = mapped_column(Id, ForeignKey("revision.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    file_id: Mapped[str] = mapped_column(Id, ForeignKey("stored_file.id"))
    file: Mapped[StoredFile] = relationship(lazy="joined")


class Offer(Base):
    __tablename__ = "offer"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    listing_id: Mapped[str] = mapped_column(Id, ForeignKey("listing.id"), index=True)
    plan: Mapped[str] = mapped_column(Text)
    purposes: Mapped[str] = mapped_column(Text)
    term_months: Mapped[int]
    limits: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> OfferSnapshot:
        return OfferSnapshot(
            self.id, json.loads(self.plan), tuple(json.loads(self.purposes)), self.term_months, self.created_at,
            json.loads(self.limits) if self.limits else None,
        )  # fmt: skip
