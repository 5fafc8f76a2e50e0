"""Tables of the board of demands."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from catalog.demands.types import AnswerSnapshot, DemandSnapshot, ReportSnapshot
from core.db import Base, Id, UtcDateTime


class Demand(Base):
    """``words`` are its texts as searching compares them."""

    __tablename__ = "demand"
    __table_args__ = (
        CheckConstraint("lowest IS NULL OR highest IS NULL OR lowest <= highest", name="budget_in_order"),
        Index("ix_demand_state_until", "state", "until"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(Text)
    details: Mapped[str] = mapped_column(Text, default="{}")
    kind: Mapped[str] = mapped_column(String(20), default="")
    scene: Mapped[str] = mapped_column(String(40))
    volume: Mapped[str] = mapped_column(Text, default="")
    currency: Mapped[str] = mapped_column(String(3))
    lowest: Mapped[int | None] = mapped_column(BigInteger)
    highest: Mapped[int | None] = mapped_column(BigInteger)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text, default="")
    reports: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> DemandSnapshot:
        return DemandSnapshot(
            self.id, self.organisation_id, json.loads(self.title), json.loads(self.details), self.kind, self.scene,
            self.volume, self.currency, self.lowest, self.highest, self.until, self.state, self.reason, self.reports,
            self.version, self.created_at, self.closed_at,
        )  # fmt: skip


class DemandAnswer(Base):
    __tablename__ = "demand_answer"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    demand_id: Mapped[str] = mapped_column(Id, ForeignKey("demand.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    listing_id: Mapped[str | None] = mapped_column(Id, ForeignKey("listing.id"))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> AnswerSnapshot:
        return AnswerSnapshot(
            self.id, self.demand_id, self.organisation_id, self.listing_id, self.text, self.state, self.reason,
            self.created_at,
        )  # fmt: skip


class DemandReport(Base):
    """An organisation reports a demand once; ``looked_at`` says when a reviewer let it stand."""

    __tablename__ = "demand_report"

    demand_id: Mapped[str] = mapped_column(Id, ForeignKey("demand.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def snapshot(self) -> ReportSnapshot:
        return ReportSnapshot(self.organisation_id, self.reason, self.at)
