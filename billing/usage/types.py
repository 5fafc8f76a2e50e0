"""What is loaded, what is reported, and what the usage ledger must know of an entitlement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from billing.rating import RatedLine, UsageCount

TRIAL = "trial"
QUARTER_S = 900


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """A call as its gateway recorded it. ``raw`` are the segment's bytes of it, which everything else is read from."""

    call_id: str
    epoch: str
    seq: int
    at: datetime
    entitlement_id: str
    order_id: str
    organisation_id: str
    supplier_id: str
    listing_id: str
    operation: str
    credential_id: str
    plan_hash: str
    mode: str
    status: int
    outcome: str
    bytes_in: int
    bytes_out: int
    records: int
    latency_us: int
    credited: bool
    raw: bytes
    salt: bytes

    @property
    def quarter(self) -> int:
        return int(self.at.timestamp()) // QUARTER_S


class Parties(Protocol):
    """Whose calls they are and of what; a record says it, and so does an entitlement."""

    @property
    def order_id(self) -> str: ...
    @property
    def organisation_id(self) -> str: ...
    @property
    def supplier_id(self) -> str: ...
    @property
    def listing_id(self) -> str: ...


class Metered(Parties, Protocol):
    """What the usage ledger must know of an entitlement; the trade's compiled one fits."""

    @property
    def id(self) -> str: ...
    @property
    def plan(self) -> Mapping[str, Any]: ...
    @property
    def plan_hash(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def limits(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Sum:
    """What calls of one kind add up to: a roll-up row, or several of them over a time (``quarter`` is the first)."""

    entitlement_id: str
    quarter: int
    operation: str
    outcome: str
    plan_hash: str
    mode: str
    credited: bool
    calls: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    records: int = 0
    latency_us: int = 0

    @property
    def count(self) -> UsageCount:
        return UsageCount(self.outcome, self.mode, self.credited, self.calls, self.bytes_out, self.records)


@dataclass(frozen=True)
class LoadReport:
    """How many records were new, known already with the same bytes, or refused for other bytes.

    ``fresh`` are the calls that were new, ``billed`` how many of them, by entitlement, used up a call given out.
    """

    loaded: int
    known: int
    conflicts: int
    batch_id: str | None = None
    fresh: frozenset[str] = field(default=frozenset(), compare=False)
    billed: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Bill:
    """What a period adds to the invoices of one entitlement and plan, unrounded, in 10⁻⁷ of the minor unit.

    ``lines`` sum to ``units``, which may be negative: calls that were credited later, or a price by volume
    that fell. ``first`` and ``last`` are the units of the plan's window that were billed before and are now;
    ``sums`` are the period's own roll-ups.
    """

    entitlement_id: str
    plan_hash: str
    label: str
    currency: str
    sums: tuple[Sum, ...]
    first: int
    last: int
    lines: tuple[RatedLine, ...]
    units: int
