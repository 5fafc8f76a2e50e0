"""``piaohao usage reconcile``: segments, leases, the usage ledger and its sums held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from billing.usage import queries as usage
from core.db import Uow
from core.house import House
from exchange.gateway import segments
from exchange.gateway.record import Kind, Marks, Usage
from exchange.gateway.segments import SegmentUnreadable
from exchange.sidecar.loader import segments_folder
from exchange.sidecar.models import Damage, Epoch, Lease, Segment, Unresolved
from exchange.sidecar.types import EpochState, Meter


@dataclass(frozen=True)
class Line:
    """One thing that was compared."""

    well: bool
    text: str


@dataclass(frozen=True)
class Reading:
    """A segment's file as it is: the calls whose end is known up to where it is loaded, and how many are beyond."""

    loaded: Mapping[str, bytes]
    waiting: int
    open: int


def reconcile(house: House) -> Iterator[Line]:
    """Every comparison, the good ones too. May run beside a living exchange."""
    yield from _segments(house)
    for compare in (_epochs, _given_out, _quotas, _sums, _apart):
        yield from house.db.read(lambda uow, compare=compare: list(compare(uow)))  # type: ignore[misc]


def _segments(house: House) -> Iterator[Line]:
    """What stands in a file up to its position must stand in the ledger, byte for byte."""
    files = sorted(segments_folder(house).glob("*/*.seg"))
    yield Line(True, f"{len(files)} segments are there")
    for path in files:
        position, unresolved = house.db.read(lambda uow, path=path: _position(uow, path))  # type: ignore[misc]
        try:
            reading = _read(path, position, unresolved)
        except FileNotFoundError:
            continue  # loaded meanwhile
        except SegmentUnreadable as problem:
            yield Line(False, f"{path.parent.name}/{path.name} cannot be read: {problem}")
            continue
        yield _compared(path, reading, house.db.read(lambda uow, r=reading: usage.raw_of(uow, list(r.loaded))))  # type: ignore[misc]


def _position(uow: Uow, path: Path) -> tuple[int, frozenset[int]]:
    epoch, number = path.parent.name, int(path.stem)
    segment = uow.session.get(Segment, (epoch, number))
    chosen = select(Unresolved.seq).where(Unresolved.epoch == epoch, Unresolved.number == number)
    return segment.position if segment else 0, frozenset(uow.session.execute(chosen).scalars())


def _read(path: Path, position: int, unresolved: frozenset[int]) -> Reading:
    calls: dict[int, Usage] = {}
    beyond: set[int] = set()
    ended: set[int] = set()
    for found, after in segments.read(path):
        if isinstance(found, Usage) and found.kind is Kind.CALL:
            calls.setdefault(found.seq, found)
            if after > position:
                beyond.add(found.seq)
        elif isinstance(found, Marks):
            ended |= set(found.seqs)
    loaded = {call.call_id: call.raw for seq, call in calls.items() if seq not in beyond and seq not in unresolved}
    return Reading(loaded, len(beyond), len(calls.keys() - ended))


def _compared(path: Path, reading: Reading, stored: Mapping[str, bytes]) -> Line:
    missing = reading.loaded.keys() - stored.keys()
    other = [call_id for call_id, raw in stored.items() if reading.loaded[call_id] != raw]
    text = (
        f"{path.parent.name}/{path.name}: {len(reading.loaded)} calls loaded, {reading.waiting} waiting, "
        f"{reading.open} under way"
    )
    if missing or other:
        return Line(False, f"{text}; {len(missing)} of them are not in the ledger, {len(other)} have other bytes there")
    return Line(True, text)


def _epochs(uow: Uow) -> Iterator[Line]:
    """What was counted of each process while loading is what the ledger has of it."""
    stored = usage.calls_by_epoch(uow)
    rows = uow.session.execute(select(Epoch.epoch, Epoch.usages, Epoch.credited)).all()
    wrong = [row for row in rows if stored.get(row.epoch, (0, 0)) != (row.usages, row.credited)]
    for epoch, calls, credited in wrong:
        there = stored.get(epoch, (0, 0))
        yield Line(False, f"process {epoch}: {calls} calls loaded, {credited} credited; the ledger has {there}")
    total = sum(calls for _, calls, _ in rows)
    live = uow.session.execute(select(func.count()).where(Epoch.state == EpochState.LIVE)).scalar_one()
    yield Line(not wrong, f"{total} calls of {len(rows)} processes, {live} of them not finished")


def _given_out(uow: Uow) -> Iterator[Line]:
    """Calls that the ledger has given out are exactly those that processes hold."""
    held = {entitlement_id: out for (entitlement_id, _), out in _out(uow, Meter.FUNDED).items()}
    given = usage.given_out(uow)
    for entitlement_id in sorted(held.keys() | given.keys()):
        mine, theirs = held.get(entitlement_id, 0), given.get(entitlement_id, 0)
        if mine != theirs:
            yield Line(False, f"{entitlement_id}: {theirs} paid calls are given out, processes hold {mine}")
    yield Line(held == given, f"{sum(given.values())} paid calls are given out")


def _quotas(uow: Uow) -> Iterator[Line]:
    """What processes hold of a quota was taken from it."""
    taken = usage.taken(uow)
    held = _out(uow, Meter.QUOTA)
    wrong = {key: out for key, out in held.items() if out > taken.get(key, 0)}
    for (entitlement_id, window), out in wrong.items():
        yield Line(False, f"{entitlement_id} {window}: processes hold {out} calls of the quota that were not taken")
    yield Line(not wrong, f"{sum(held.values())} calls of quotas are given out")


def _out(uow: Uow, meter: Meter) -> dict[tuple[str, str], int]:
    out = func.sum(Lease.granted - Lease.returned - Lease.consumed)
    chosen = select(Lease.entitlement_id, Lease.window, out).where(Lease.meter == meter)
    rows = uow.session.execute(chosen.group_by(Lease.entitlement_id, Lease.window)).all()
    return {(entitlement_id, window): int(count) for entitlement_id, window, count in rows if count}


def _sums(uow: Uow) -> Iterator[Line]:
    """Roll-ups, windows, holds and batches, made again from the records."""
    faults = usage.check(uow)
    yield from (Line(False, f"{fault.where}: {fault.what}") for fault in faults)
    yield Line(not faults, f"the usage ledger adds up ({len(faults)} faults)")


def _apart(uow: Uow) -> Iterator[Line]:
    conflicts = usage.conflict_count(uow)
    yield Line(not conflicts, f"{conflicts} records came under the number of another one and were kept apart")
    damages = uow.session.execute(select(Damage).order_by(Damage.at)).scalars().all()
    for each in damages:
        yield Line(False, f"{each.epoch}/{each.number} at {each.position}: {each.reason}; kept as {each.kept_as}")
    yield Line(not damages, f"{len(damages)} pieces of segments could not be loaded")
