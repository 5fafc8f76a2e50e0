"""Alerts and the map of the trade, as officers see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

MOST_EVIDENCE = 20
"""So many ids of one kind are named as evidence."""


class Rule(StrEnum):
    """What can be unusual."""

    OFF_HOURS = "off_hours"
    VOLUME = "volume"
    REFUSALS = "refusals"
    DRIFT = "drift"
    TRACES = "traces"
    EXPORTS = "exports"


@dataclass(frozen=True)
class Finding:
    """Something unusual, before it is raised. ``key`` names it for ever: it is raised once.

    ``figures`` are numbers, texts, and numbers by code; ``evidence`` are ids of what they were counted from.
    """

    key: str
    rule: Rule
    organisation_id: str
    subject_id: str
    starts_at: datetime
    ends_at: datetime
    figures: Mapping[str, Any]
    evidence: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class AlertSnapshot:
    """A finding that was raised. ``changed_at``: its figures grew until then; they rest once it is acknowledged."""

    id: str
    rule: str
    organisation_id: str
    subject_id: str
    starts_at: datetime
    ends_at: datetime
    figures: Mapping[str, Any]
    evidence: Mapping[str, Sequence[str]]
    raised_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str

    @property
    def is_open(self) -> bool:
        return self.acknowledged_at is None


@dataclass(frozen=True)
class Flow:
    """What one organisation supplied to another at one tier.

    ``orders`` and ``gross`` are of orders paid in the time and not given back; ``rows`` were returned by calls or read
    page by page, ``bytes`` left as files.
    """

    supplier_id: str
    buyer_id: str
    tier: int
    orders: int = 0
    gross: int = 0
    calls: int = 0
    rows: int = 0
    bytes: int = 0
    currency: str = ""


@dataclass(frozen=True)
class TradeMap:
    """Who supplied whom, the most money first, then the most calls."""

    starts_at: datetime
    ends_at: datetime
    flows: tuple[Flow, ...]
