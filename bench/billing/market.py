"""Buyers, rights under plans of every metered kind, and a month of their calls as gateways write them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from billing.usage import service as usage
from core.house import House
from exchange.gateway import record
from exchange.gateway.record import Kind, Outcome
from exchange.gateway.segments import Writer, new_epoch
from tests import build
from tests.billing.books import Books
from tests.billing.usage.metering import Right, right_of

_CNY = {"version": 1, "currency": "CNY"}
PLANS: list[dict[str, Any]] = [
    _CNY | {"kind": "per_hit", "price": "0.0028"},
    _CNY | {"kind": "per_call", "price": "0.01", "per": 3},
    _CNY | {"kind": "per_record", "price": "0.0005", "free_quota": 100, "period": "month"},
    _CNY | {"kind": "per_byte", "price": "0.00000123"},
    _CNY | {"kind": "graduated", "unit": "hit", "steps": [
        {"up_to": 200, "price": "0.05"}, {"up_to": 900, "price": "0.03"}, {"up_to": None, "price": "0.0123456"}]},
    _CNY | {"kind": "volume", "unit": "call", "steps": [
        {"up_to": 500, "price": "0.02"}, {"up_to": None, "price": "0.013"}]},
    _CNY | {"kind": "minimum", "amount": "5.00", "period": "month", "usage": _CNY | {
        "kind": "per_hit", "price": "0.04"}},
]  # fmt: skip
_OUTCOMES = [Outcome.HIT] * 16 + [Outcome.MISS] * 3 + [Outcome.UPSTREAM_ERROR]
_OPERATIONS = ("lookup", "verify", "batch")
_IN_ONE_WRITE = 50
_MONTH_US = 27 * 86_400 * 1_000_000


@dataclass(frozen=True)
class Market:
    """A house whose buyers may call under these rights."""

    books: Books
    rights: list[Right]

    @property
    def house(self) -> House:
        return self.books.house

    @property
    def month(self) -> datetime:
        """Calls are made from here on, for twenty-seven days."""
        return self.house.clock.now().replace(day=2, hour=0, minute=0, second=0, microsecond=0)


def open_market(house: House, rights: int, buyers: int = 4) -> Market:
    """So many rights, their plans in turn; every buyer has money."""
    books = Books.open(house)
    people = [str(build.organisation(house).organisation_id) for _ in range(buyers)]
    supplier = str(build.organisation(house).organisation_id)
    for buyer in people:
        books.fund(buyer, 10_000_000_000)
    made = [right_of(people[number % buyers], supplier, PLANS[number % len(PLANS)]) for number in range(rights)]
    for right in made:
        house.db.write(lambda uow, right=right: usage.open_meter(uow, right))  # type: ignore[misc]
    return Market(books, made)


@dataclass
class Written:
    """What stands in segments: ``calls`` are all the same whether they stand there once or twice."""

    epoch: str = field(default_factory=new_epoch)
    calls: int = 0
    repeated: int = 0
    void: int = 0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def records(self) -> int:
        return self.calls + self.repeated


def write_segments(market: Market, folder: Path, calls: int, repeats: float, seed: int) -> Written:
    """The month's calls, evenly and in their order, in segments of one gateway, a part of them a second time.

    ``bodies`` are in the order written.
    """
    chance, written = Random(seed), Written()
    writer = Writer(folder, written.epoch)
    for framed, seqs, again in _groups(market, writer, chance, calls, repeats, written):
        segment = writer.append(framed, len(seqs))
        gone = [seq for seq in seqs if not again and chance.random() < 0.002]
        segment.confirmed += [seq for seq in seqs if seq not in gone]
        segment.void += gone
        written.void += len(gone)
        writer.flush()
    writer.close()
    return written


def _groups(
    market: Market, writer: Writer, chance: Random, calls: int, repeats: float, written: Written
) -> Iterator[tuple[bytes, list[int], bool]]:
    """Frames that are written at once, their numbers, and whether they were written before."""
    start, step = int(market.month.timestamp() * 1_000_000), _MONTH_US // max(calls, 1)
    addresses = [
        [(bytes.fromhex(right.plan_hash), _address(right, name)) for name in _OPERATIONS] for right in market.rights
    ]
    for first in range(0, calls, _IN_ONE_WRITE):
        frames = {
            seq: _frame(writer.epoch_bytes, chance, seq, start + seq * step, addresses)
            for seq in range(first + 1, min(calls, first + _IN_ONE_WRITE) + 1)
        }
        written.calls += len(frames)
        yield _joined(written, frames), list(frames), False
        again = {seq: framed for seq, framed in frames.items() if chance.random() < repeats}
        if again:
            written.repeated += len(again)
            yield _joined(written, again), list(again), True


def _joined(written: Written, frames: dict[int, bytes]) -> bytes:
    written.bodies += [framed[record.FRAME.size :] for framed in frames.values()]
    return b"".join(frames.values())


def _frame(
    epoch: bytes, chance: Random, seq: int, at: int, addresses: list[list[tuple[bytes, bytes]]]
) -> bytes:  # fmt: skip
    """Some rights are used far more than others."""
    plan_hash, address = addresses[int(len(addresses) * chance.random() ** 2)][chance.randrange(len(_OPERATIONS))]
    return record.usage(
        Kind.CALL, epoch, seq, at, chance.random() > 0.01,
        chance.choice(_OUTCOMES), 200, chance.randrange(900, 90_000), 120, chance.randrange(200, 20_000), 0,
        chance.randrange(1, 9), plan_hash, address,
    )  # fmt: skip


def _address(right: Right, operation: str) -> bytes:
    return record.Address(
        right.id, right.order_id, right.organisation_id, right.supplier_id, right.listing_id, operation, "key_1"
    ).pack()


def after_the_month(market: Market) -> None:
    """Time passes until the month is over in every zone."""
    market.house.clock.advance(timedelta(days=40))
