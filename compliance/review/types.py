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
    approved_by: str = ""

    @property
    def awaits_officer(self) -> bool:
        """Approved by a reviewer; the tier asks for a compliance officer's approval too."""
        return self.state == ReviewState.OPEN and bool(self.approved_by)

    @property
    def open_items(self) -> int:
        return sum(not item.answer for item in self.items)

    @property
    def failed_items(self) -> int:
        return sum(item.answer == Answer.FAIL for item in self.items)
