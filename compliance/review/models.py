"""Tables of review."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from compliance.review.types import Answer, ItemSnapshot, ReviewSnapshot, checklist
from core.db import Base, Id, UtcDateTime

FIRST_APPROVAL = "first_approval"


class Review(Base):
    __tablename__ = "review"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    subject_version: Mapped[int]
    subject: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str] = mapped_column(Id, index=True)
    submitted_by: Mapped[str] = mapped_column(Id)
    tier: Mapped[int]
    state: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    items: Mapped[list[ReviewItem]] = relationship(lazy="selectin")

    @property
    def approved_by(self) -> str:
        """The account that approved first, while a second approval is awaited; empty for nobody."""
        found = next((row for row in self.items if row.item == FIRST_APPROVAL and row.answer == Answer.PASS), None)
        return (found.answered_by if found else None) or ""

    def note_first_approval(self, account_id: str | None) -> None:
        """Remember who approved first; None takes it back, for what was approved has changed."""
        row = next((row for row in self.items if row.item == FIRST_APPROVAL), None)
        if row is None:
            row = ReviewItem(item=FIRST_APPROVAL, evidence="{}", note="")
            self.items.append(row)
        row.answer, row.answered_by = (Answer.PASS if account_id else ""), account_id

    def snapshot(self) -> ReviewSnapshot:
        rows = {item.item: item for item in self.items}
        items = tuple(
            ItemSnapshot(
                each.id, each.zh, each.en, each.may_not_apply, json.loads(rows[each.id].evidence),
                rows[each.id].answer, rows[each.id].note,
            )
            for each in checklist()
            if each.id in rows
        )  # fmt: skip
        return ReviewSnapshot(
            self.id, self.subject_id, self.subject_version, json.loads(self.subject), self.owner_id,
            self.submitted_by, self.tier, self.state, self.reason, items, self.opened_at, self.closed_at, self.version,
            self.approved_by,
        )  # fmt: skip


class ReviewItem(Base):
    __tablename__ = "review_item"

    review_id: Mapped[str] = mapped_column(Id, ForeignKey("review.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(40), primary_key=True)
    evidence: Mapped[str] = mapped_column(Text, default="{}")
    answer: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str | None] = mapped_column(Id)
