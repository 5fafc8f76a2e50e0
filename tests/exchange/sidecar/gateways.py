"""A gateway process as far as leases and segments go: it holds, calls, records by the real writer, and dies."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from core import plans
from core.clock import Clock
from core.house import House
from core.ids import new_id
from exchange.gateway import record, segments
from exchange.gateway.claim import claim, is_held
from exchange.gateway.record import Kind, Outcome
from exchange.gateway.segments import Segment
from exchange.sidecar import leases
from exchange.sidecar.loader import Loader, segments_folder
from exchange.sidecar.types import Calls, Granted, Meter
from exchange.trading.types import CompiledEntitlement
from tests import build
from tests.billing.books import Books

PER_HIT = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "1.00"}
FREE = {"version": 1, "kind": "free"}


def entitlement(
    books: Books, *, plan: dict[str, Any] = PER_HIT, balance: int = 0, **limits: Any
) -> CompiledEntitlement:
    """A right of a buyer with so many minor units; ``limits`` as offers have them."""
    buyer, supplier = (str(build.organisation(books.house).organisation_id) for _ in range(2))
    if balance:
        books.fund(buyer, balance)
    parsed = plans.parse(plan)
    now = books.house.clock.now()
    return CompiledEntitlement(
        id=new_id("ent"), order_id=new_id("ord"), organisation_id=buyer, listing_id=new_id("lst"),
        revision_id=new_id("rev"), interface_id=new_id("ifc"), supplier_id=supplier, purpose="training",
        purposes=("training",), territories=(), recipients=(buyer,), country="CN", declares=False, tier=0,
        state="active", frozen=False, permitted=True, lacking="", starts_at=now - timedelta(days=1), ends_at=None,
        plan=parsed.document(), plan_hash=parsed.hash(), currency="CNY",
        limits={"quota": None, "quota_period": None, "trial_calls": 0} | limits,
    )  # fmt: skip


@dataclass
class Process:
    """One process and what it holds of one entitlement."""

    house: House
    right: CompiledEntitlement
    epoch: str = field(default_factory=segments.new_epoch)
    held: Counter[str] = field(default_factory=Counter)
    received: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    recorded: int = 0
    billed: int = 0
    largest_bytes: int = 2_000

    def __post_init__(self) -> None:
        self.clock: Clock = self.house.clock
        self.address = record.Address(
            self.right.id, self.right.order_id, self.right.organisation_id, self.right.supplier_id,
            self.right.listing_id, "lookup", new_id("key"),
        ).pack()  # fmt: skip
        self.open: list[tuple[Segment, int, bool]] = []
        self.claimed = claim(segments_folder(self.house), self.epoch)
        self.writer = segments.Writer(segments_folder(self.house), self.epoch, largest_bytes=self.largest_bytes)
        self.house.db.write(lambda uow: leases.register(uow, self.epoch))

    def ask(self, sharers: int = 1, *, arrives: bool = True, **calls: int) -> Granted:
        """What is granted is held when the message arrives."""
        asked = Calls(**calls)
        granted = self.house.db.write(lambda uow: leases.grant(uow, self.epoch, self.right, asked, sharers=sharers))
        if arrives:
            self._hold(granted.calls)
        return granted

    def _hold(self, calls: Calls) -> None:
        for meter in Meter:
            self.held[meter] += calls.of(meter)
            self.received[meter] += calls.of(meter)

    def give(self, *, arrives: bool = True) -> None:
        """All that is not used goes back."""
        self.given.update(self.held)
        self.held.clear()
        if arrives:
            self.tell()

    def tell(self) -> None:
        """What was given back in all is heard, maybe again."""
        given = Calls(**{str(meter): self.given[meter] for meter in Meter})
        self.house.db.write(lambda uow: leases.give_back(uow, self.epoch, self.right.id, given))

    def reconnect(self) -> None:
        totals = {self.right.id: {str(m): (self.received[m], self.given[m]) for m in Meter}}
        self.house.db.write(lambda uow: leases.reconcile(uow, self.epoch, totals))

    def call(self, outcome: Outcome = Outcome.HIT, *, live: bool = True) -> bool:
        """One call from its reservation to its record, not confirmed yet; False when it may not be made."""
        needed = self._needs(live=live)
        if any(not self.held[meter] for meter in needed):
            return False
        self.recorded += 1
        framed = record.usage(
            Kind.CALL, self.writer.epoch_bytes, self.recorded, int(self.clock.now().timestamp() * 1e6), live, outcome,
            200, 900, 10, 100, 0, 1, bytes.fromhex(self.right.plan_hash), self.address,
        )  # fmt: skip
        segment = self.writer.append(framed)
        billed = live and outcome is Outcome.HIT
        for meter in needed:
            self.held[meter] -= meter != Meter.FUNDED or billed
        self.open.append((segment, self.recorded, billed))
        return True

    def _needs(self, *, live: bool) -> list[Meter]:
        if not live:
            return [Meter.TRIAL]
        quota = [Meter.QUOTA] if self.right.limits["quota"] is not None else []
        return quota + ([Meter.FUNDED] if self.right.plan["kind"] != "free" else [])

    def finish(self, *, delivered: bool = True) -> None:
        """The oldest call that is open has ended. What one that did not arrive was made of is not given back."""
        segment, seq, billed = self.open.pop(0)
        if delivered:
            segment.confirmed.append(seq)
            self.billed += billed
        else:
            segment.void.append(seq)
        self.writer.flush()

    def file(self, order_id: str, file_id: str, account: str, size: int, sha256: str) -> None:
        """A transfer of a whole file, delivered."""
        self.recorded += 1
        framed = record.usage(
            Kind.FILE, self.writer.epoch_bytes, self.recorded, int(self.clock.now().timestamp() * 1e6), True,
            Outcome.HIT, 200, 900, 0, size, 0, 0, bytes.fromhex(sha256),
            record.Address(order_id=order_id, operation=file_id, credential_id=account).pack(),
        )  # fmt: skip
        self.writer.append(framed).confirmed.append(self.recorded)
        self.writer.flush()

    @property
    def folder(self) -> Path:
        return segments_folder(self.house) / self.epoch

    def end(self) -> None:
        """A clean end: all calls have ended, and so do the segments."""
        while self.open:
            self.finish()
        self.writer.close()
        os.close(self.claimed)

    def kill(self) -> None:
        """The kernel closes what it had open, and nothing more is written."""
        retired = [segment for segment in self.writer._retired if segment is not self.writer.current]
        for segment in (*retired, self.writer.current):
            os.close(segment.descriptor)
        os.close(self.claimed)


def load_all(loader: Loader) -> None:
    """Pass after pass until nothing is left to load or to settle."""
    while loader.load_some() or _has_dead(loader):
        pass


def _has_dead(loader: Loader) -> bool:
    return any(not is_held(loader.folder, epoch) for epoch in loader._epochs())
