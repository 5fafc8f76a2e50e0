"""Entitlements and records as the trade and the gateways make them, without either around."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from billing.usage import service
from billing.usage.types import LoadReport, UsageRecord
from core import plans
from core.house import House
from core.ids import new_id
from exchange.gateway import record as segment
from tests import build
from tests.billing.books import Books

EPOCH = "0123456789abcdef"
PER_HIT = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.04"}
NO_LIMITS: Mapping[str, Any] = {"quota": None, "quota_period": None, "trial_calls": 0}


@dataclass(frozen=True)
class Right:
    """A compiled entitlement's part that billing reads."""

    id: str
    order_id: str
    organisation_id: str
    supplier_id: str
    listing_id: str
    plan: Mapping[str, Any]
    plan_hash: str
    currency: str = "CNY"
    limits: Mapping[str, Any] = field(default_factory=lambda: NO_LIMITS)


@dataclass
class Meter:
    """One entitlement of a funded buyer, and a gateway's counter of its calls."""

    house: House
    right: Right
    sequence: count[int] = field(default_factory=count)

    def record(self, outcome: str = "hit", **changed: Any) -> UsageRecord:
        """The next call's record, its bytes as a gateway writes them."""
        return record_of(self.right, changed.pop("seq", None) or next(self.sequence), outcome=outcome, **changed)

    def records(self, number: int, outcome: str = "hit", **changed: Any) -> list[UsageRecord]:
        return [self.record(outcome, **changed) for _ in range(number)]

    def load(self, records: Sequence[UsageRecord]) -> LoadReport:
        return self.house.db.write(lambda uow: service.load(uow, records))

    def fund(self, calls: int) -> int:
        return self.house.db.write(lambda uow: service.fund(uow, self.right, calls))

    def unfund(self, calls: int) -> int:
        return self.house.db.write(lambda uow: service.unfund(uow, self.right.id, calls))


def right_of(buyer_id: str, supplier_id: str, plan: Mapping[str, Any], **changed: Any) -> Right:
    parsed = plans.parse(plan)
    made = Right(
        new_id("ent"), new_id("ord"), buyer_id, supplier_id, new_id("lst"), parsed.document(), parsed.hash(),
        parsed.currency or "CNY",
    )  # fmt: skip
    return replace(made, **changed)


def meter(books: Books, plan: Mapping[str, Any] = PER_HIT, *, balance: int = 100_000, **changed: Any) -> Meter:
    """An entitlement under a plan, whose buyer has so many minor units on its balance."""
    buyer, supplier = (str(build.organisation(books.house).organisation_id) for _ in range(2))
    if balance:
        books.fund(buyer, balance)
    return Meter(books.house, right_of(buyer, supplier, plan, **changed))


def record_of(
    right: Right, seq: int, *, at: datetime | None = None, outcome: str = "hit", mode: str = "live",
    credited: bool = False, operation: str = "digits", epoch: str = EPOCH, status: int = 200, bytes_in: int = 120,
    bytes_out: int = 900, records: int = 1, latency_us: int = 1500, credential_id: str = "key_1", salt: bytes = b"",
) -> UsageRecord:  # fmt: skip
    moment = at or datetime.fromisoformat("2026-11-25T09:00:00+00:00") + timedelta(milliseconds=seq)
    address = segment.Address(
        right.id, right.order_id, right.organisation_id, right.supplier_id, right.listing_id, operation, credential_id
    )
    framed = segment.usage(
        segment.Kind.CALL, bytes.fromhex(epoch), seq, int(moment.timestamp() * 1_000_000), mode == "live",
        segment.Outcome[outcome.upper()], status, latency_us, bytes_in, bytes_out, 0, records,
        bytes.fromhex(right.plan_hash), address.pack(),
    )  # fmt: skip
    return UsageRecord(
        segment.call_id(epoch, seq), epoch, seq, moment, right.id, right.order_id, right.organisation_id,
        right.supplier_id, right.listing_id, operation, credential_id, right.plan_hash, mode, status, outcome,
        bytes_in, bytes_out, records, latency_us, credited, framed[segment.FRAME.size :], salt or os.urandom(16),
    )  # fmt: skip
