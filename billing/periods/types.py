"""Closed months of usage: what was counted, and by whom it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from billing.rating import UsageCount
from core.months import Period


@dataclass(frozen=True, order=True)
class Key:
    """What usage is told apart by: the month the calls were made in, what was called, how it ended, by which plan."""

    month: str
    operation: str
    plan_hash: str
    outcome: str
    mode: str
    credited: bool


@dataclass(frozen=True)
class Count:
    """So much usage of one key. Less than none when calls of a closed month were credited afterwards."""

    key: Key
    calls: int
    records: int
    bytes_in: int
    bytes_out: int

    def __add__(self, other: Count) -> Count:
        return Count(
            self.key, self.calls + other.calls, self.records + other.records,
            self.bytes_in + other.bytes_in, self.bytes_out + other.bytes_out,
        )  # fmt: skip

    def __neg__(self) -> Count:
        return Count(self.key, -self.calls, -self.records, -self.bytes_in, -self.bytes_out)

    def __bool__(self) -> bool:
        return any((self.calls, self.records, self.bytes_in, self.bytes_out))

    def rated(self) -> UsageCount:
        """As rating reads it."""
        return UsageCount(
            self.key.outcome, self.key.mode, self.key.credited, self.calls, self.bytes_out, self.records
        )  # fmt: skip

    def document(self) -> dict[str, Any]:
        sums = {name: getattr(self, name) for name in ("calls", "records", "bytes_in", "bytes_out")}
        return asdict(self.key) | {"credited": int(self.key.credited)} | sums


@dataclass(frozen=True)
class ClosedPeriod:
    """A closed month of an order; ``invoice_id`` is None when nothing of it was to be paid."""

    order_id: str
    period: Period
    invoice_id: str | None
    counts: tuple[Count, ...]
    usage_sha256: str
    closed_at: datetime


@dataclass(frozen=True)
class FailingClose:
    """A meter that cannot be closed: why, since when, and how often that was tried."""

    entitlement_id: str
    order_id: str
    reason: str
    since: datetime
    tried_at: datetime
    times: int


def read_counts(rows: Iterable[Mapping[str, Any]]) -> tuple[Count, ...]:
    """The counts of a stored document."""
    return tuple(
        Count(
            Key(row["month"], row["operation"], row["plan_hash"], row["outcome"], row["mode"], bool(row["credited"])),
            row["calls"], row["records"], row["bytes_in"], row["bytes_out"],
        )
        for row in rows
    )  # fmt: skip
