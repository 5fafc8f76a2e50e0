"""What is loaded, what is reported, and what the usage ledger must know of an entitlement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from billing.rating import UsageCount

TRIAL = "trial"
TERM = "term"
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


class Step(StrEnum):
    """How finely usage over a time is shown."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True)
class UsageSum:
    """What calls of one kind add up to in an hour or a day that begins at ``starts_at``."""

    starts_at: datetime
    entitlement_id: str
    listing_id: str
    operation: str
    outcome: str
    mode: str
    credited: bool
    calls: int
    bytes_in: int
    bytes_out: int
    records: int
    latency_us: int

    @property
    def mean_latency_us(self) -> int:
        return self.latency_us // self.calls if self.calls else 0


@dataclass(frozen=True)
class StepCost:
    """The units of an hour or a day, and what they added to the unrounded cost of their window."""

    starts_at: datetime
    entitlement_id: str
    units: int
    amount: int
    currency: str


@dataclass(frozen=True)
class WindowCost:
    """What one window of a plan costs so far, net: ``rated`` unrounded (10⁻⁷), ``rounded`` and ``invoiced`` of it."""

    entitlement_id: str
    listing_id: str
    label: str
    kind: str
    unit: str | None
    quantity: int
    rated: int
    rounded: int
    invoiced: int
    currency: str


@dataclass(frozen=True)
class Usage:
    """Usage over a time: its sums, what its steps cost, and what the windows that it touches cost so far."""

    by: Step
    zone: str
    starts_at: datetime
    ends_at: datetime
    sums: tuple[UsageSum, ...]
    steps: tuple[StepCost, ...]
    windows: tuple[WindowCost, ...]


@dataclass(frozen=True)
class Call:
    """A call as it was recorded. ``credential_id`` is None for a supplier: whose key it was is the buyer's."""

    call_id: str
    at: datetime
    entitlement_id: str
    order_id: str
    listing_id: str
    operation: str
    credential_id: str | None
    mode: str
    status: int
    outcome: str
    bytes_in: int
    bytes_out: int
    records: int
    latency_us: int
    credited: bool
    plan_hash: str
    batch_id: str


@dataclass(frozen=True)
class Count:
    """Calls that may be made in a window: so many of so many are left. None: without end."""

    window: str | None
    limit: int | None
    taken: int

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.taken)


@dataclass(frozen=True)
class Standing:
    """Where an entitlement stands. ``given_out`` are paid calls that gateways hold; ``units_left`` those bought.

    What concerns the buyer's money is None for the supplier.
    """

    entitlement_id: str
    order_id: str
    listing_id: str
    plan: Mapping[str, Any]
    limits: Mapping[str, Any]
    quota: Count
    trial: Count
    given_out: int
    free_left: int | None
    units_left: int | None
    now: WindowCost | None
    held: int | None
    balance: int | None
    available: int | None
    currency: str
