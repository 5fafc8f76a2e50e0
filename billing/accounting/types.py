"""Statements, journals, closed months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FORMAT_VERSION = 1


@dataclass(frozen=True)
class ChartAccount:
    """An account of the chart: its code and its names in both languages."""

    code: str
    name: str
    name_zh: str


@dataclass(frozen=True)
class StatementEntry:
    """``document`` is the number of the invoice or credit note it stands for, else the id of what it is about."""

    sequence: int
    posted_at: datetime
    kind: str
    document: str
    document_id: str
    order_id: str | None
    change: int
    balance_after: int


@dataclass(frozen=True)
class AccountStatement:
    """One account of an organisation over a half-open time: opening and all entries sum to the closing balance."""

    organisation_id: str
    account: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    opening: int
    closing: int
    debits: int
    credits: int
    entries: Sequence[StatementEntry]


@dataclass(frozen=True)
class MonthClose:
    """``document`` is its trial balance; it holds once another person confirmed it."""

    month: str
    ends_at: datetime
    document: Mapping[str, Any]
    sha256: str
    closed_by: str
    closed_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None

    @property
    def state(self) -> str:
        return "closed" if self.confirmed_at else "to_confirm"
