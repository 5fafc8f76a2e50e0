"""Tables of review."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from compliance.review.approvals import kinds
from compliance.review.types import ApprovalSnapshot, CommentSnapshot, ItemSnapshot, ReviewSnapshot, checklist
from core.db import Base, Id, UtcDateTime


class Review(Base):
    __tablename__ = "review"
    __table_args__ = (Index("ix_review_state_id", "state", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject_id: Mapped[str] = mapped_column(Id, index=True)
    subject_version: Mapped[int]
    subject: Mapped[str] = mapped_column(Text)
    owner_id: Mapped[str] = mapped_column(Id, index=True)
    submitted_by: Mapped[str] = mapped_column(Id)
    tier: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_by: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str | None] = mapped_column(Id)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    items: Mapped[list[ReviewItem]] = relationship(lazy="selectin")
    approvals: Mapped[list[ReviewApproval]] = relationship(lazy="selectin", cascade="all, delete-orphan")
    comments: Mapped[list[ReviewComment]] = relationship(lazy="selectin", order_by="ReviewComment.id")

    def ask_for(self, names: Iterable[str]) -> None:
        """The approvals that are needed from now on; documents already recorded stay, people decide anew."""
        wanted = list(names)
        self.approvals = [row for row in self.approvals if row.kind in wanted]
        known = {row.kind for row in self.approvals}
        self.approvals += [ReviewApproval(kind=name) for name in wanted if name not in known]
        self.take_back()

    def take_back(self) -> None:
        """What people approved has changed since."""
        for row in self.approvals:
            if not kinds()[row.kind].by_document:
                row.given_by = row.given_at = None

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
        asked = {row.kind: row for row in self.approvals}
        return ReviewSnapshot(
            self.id, self.subject_id, self.subject_version, json.loads(self.subject), self.owner_id,
            self.submitted_by, self.tier, self.state, self.reason, items, self.opened_at, self.closed_at, self.version,
            approvals=tuple(asked[name].snapshot() for name in kinds() if name in asked),
            comments=tuple(comment.snapshot() for comment in self.comments), due_by=self.due_by,
            claimed_by=self.claimed_by, claimed_until=self.claimed_until,
        )  # fmt: skip


class ReviewItem(Base):
    __tablename__ = "review_item"

    review_id: Mapped[str] = mapped_column(Id, ForeignKey("review.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(40), primary_key=True)
    evidence: Mapped[str] = mapped_column(Text, default="{}")
    answer: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    answered_by: Mapped[str | None] = mapped_column(Id)


class ReviewApproval(Base):
    """One approval that the tier asks for, a row from the beginning; given when ``given_at`` says when."""

    __tablename__ = "review_approval"

    review_id: Mapped[str] = mapped_column(Id, ForeignKey("review.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    given_by: Mapped[str | None] = mapped_column(Id)
    given_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    document_id: Mapped[str | None] = mapped_column(Id, ForeignKey("document.id"))
    number: Mapped[str] = mapped_column(String(100), default="")

    def snapshot(self) -> ApprovalSnapshot:
        kind = kinds()[self.kind]
        return ApprovalSnapshot(
            self.kind, kind.zh, kind.en, kind.by_document, self.given_by, self.given_at, self.document_id, self.number
        )  # fmt: skip


class ReviewComment(Base):
    __tablename__ = "review_comment"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    review_id: Mapped[str] = mapped_column(Id, ForeignKey("review.id"), index=True)
    item: Mapped[str] = mapped_column(String(40))
    side: Mapped[str] = mapped_column(String(10))
    account_id: Mapped[str] = mapped_column(Id)
    text: Mapped[str] = mapped_column(Text)
    documents: Mapped[list[str]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    def snapshot(self) -> CommentSnapshot:
        return CommentSnapshot(self.id, self.item, self.side, self.text, tuple(self.documents), self.at)
