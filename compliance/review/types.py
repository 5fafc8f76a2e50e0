"""States and snapshots of reviews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


class ReviewState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    RETURNED = "returned"
    DROPPED = "dropped"


class Answer(StrEnum):
    PASS = "pass"  # noqa: S105  (an answer, not a password)
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class ChecklistItem:
    id: str
    evidence: str
    may_not_apply: bool
    zh: str
    en: str


@cache
def checklist() -> tuple[ChecklistItem, ...]:
    """The twelve items, in the order in which they are worked through."""
    source = files("compliance.review") / "checklist.yaml"
    return tuple(ChecklistItem(**item) for item in yaml.safe_load(source.read_text(encoding="utf-8"))["items"])


@dataclass(frozen=True)
class ItemSnapshot:
    """One item with its evidence and its answer, empty while it is open."""

    id: str
    zh: str
    en: str
    may_not_apply: bool
    evidence: Mapping[str, Any]
    answer: str
    note: str


@dataclass(frozen=True)
class ApprovalSnapshot:
    """One approval that the tier asks for: given by whom, or by which document; neither while it is open."""

    kind: str
    zh: str
    en: str
    by_document: bool
    given_by: str | None = None
    given_at: datetime | None = None
    document_id: str | None = None
    number: str = ""

    @property
    def given(self) -> bool:
        return self.given_at is not None


@dataclass(frozen=True)
class CommentSnapshot:
    """What was said of an item, or of the whole (``item`` is empty), by one side to the other."""

    id: str
    item: str
    side: str
    text: str
    documents: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class WaitingReview:
    """An open review as the queue shows it; ``judged`` items of the checklist have an answer."""

    id: str
    subject: Mapping[str, str]
    owner_id: str
    tier: int
    judged: int
    opened_at: datetime
    due_by: datetime
    claimed_by: str | None
    claimed_until: datetime | None


@dataclass(frozen=True)
class ReviewSnapshot:
    id: str
    subject_id: str
    subject_version: int
    subject: Mapping[str, str]
    owner_id: str
    submitted_by: str
    tier: int
    state: str
    reason: str
    items: tuple[ItemSnapshot, ...]
    opened_at: datetime
    closed_at: datetime | None
    version: int
    approvals: tuple[ApprovalSnapshot, ...] = ()
    comments: tuple[CommentSnapshot, ...] = ()
    due_by: datetime | None = None
    claimed_by: str | None = None
    claimed_until: datetime | None = None

    @property
    def approved_by(self) -> str:
        """The account that approved first, while others are awaited; empty for nobody."""
        return next((each.given_by for each in self.approvals if each.given_by and not each.by_document), "")

    @property
    def awaits_officer(self) -> bool:
        """Approved by a reviewer; the tier asks for more approvals."""
        return self.state == ReviewState.OPEN and bool(self.approved_by)

    @property
    def approvers(self) -> frozenset[str]:
        """The people who approved."""
        return frozenset(each.given_by for each in self.approvals if each.given_by and not each.by_document)

    @property
    def open_items(self) -> int:
        return sum(not item.answer for item in self.items)

    @property
    def failed_items(self) -> int:
        return sum(item.answer == Answer.FAIL for item in self.items)
