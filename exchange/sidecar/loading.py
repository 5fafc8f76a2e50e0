"""One unit of loading: what a stretch of a segment says goes into the ledger, and the position moves with it.

Called with the same stretch again, by whoever, it changes nothing: the position is moved only from where the
stretch begins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update

from billing.usage import service as usage
from billing.usage.types import LoadReport, UsageRecord
from compliance.keys import service as keys
from core.db import Uow
from core.rows import insert_missing
from exchange.delivery import service as delivery
from exchange.delivery.types import Transfer
from exchange.gateway.record import Address, Kind, Usage
from exchange.gateway.segments import Header
from exchange.sidecar import leases
from exchange.sidecar.models import Damage, Epoch, Segment, Unresolved
from exchange.sidecar.reading import Ended, Stretch
from exchange.sidecar.types import Meter, SegmentState

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_ID = 40
_LAST_US = 253_402_300_799_999_999


_SEGMENTS = cast(Table, Segment.__table__)
_EPOCHS = cast(Table, Epoch.__table__)
_OPENS = cast(Table, Unresolved.__table__)
_MOVE = (
    update(_SEGMENTS)
    .where(
        _SEGMENTS.c.epoch == bindparam("of"),
        _SEGMENTS.c.number == bindparam("part"),
        _SEGMENTS.c.position == bindparam("start"),
        _SEGMENTS.c.state == str(SegmentState.OPEN),
    )
    .values(position=bindparam("stop"), state=bindparam("then"))
    .returning(_SEGMENTS.c.position)
)
_OPEN = insert(_OPENS)
_SETTLE = delete(_OPENS).where(_OPENS.c.epoch == bindparam("of"), _OPENS.c.seq == bindparam("call"))
_COUNT = (
    update(_EPOCHS)
    .where(_EPOCHS.c.epoch == bindparam("of"))
    .values(usages=_EPOCHS.c.usages + bindparam("more"), credited=_EPOCHS.c.credited + bindparam("more_credited"))
)
"""The statements of every unit, built once."""


class MovedMeanwhile(Exception):
    """The segment's position is not where this loader left it: somebody else has loaded."""


@dataclass(frozen=True)
class Aside:
    """Bytes that cannot be loaded, and the name of the file that they are kept in."""

    at: int
    size: int
    reason: str
    kept_as: str


@dataclass(frozen=True)
class Loaded:
    """What a unit took in."""

    calls: int = 0
    credited: int = 0
    known: int = 0
    conflicts: int = 0
    receipts: int = 0


def position(uow: Uow, epoch: str, number: int) -> tuple[int, str, dict[int, int]]:
    """How far a segment is loaded, its state, and where its open records begin. A new one is made known."""
    leases.register(uow, epoch)
    row = {"epoch": epoch, "number": number, "position": 0, "state": SegmentState.OPEN}
    insert_missing(uow, Segment, [row])
    segment = uow.session.get_one(Segment, (epoch, number))
    chosen = select(Unresolved.seq, Unresolved.position).where(Unresolved.epoch == epoch, Unresolved.number == number)
    return segment.position, segment.state, {int(seq): int(place) for seq, place in uow.session.execute(chosen)}


def forget(uow: Uow, epoch: str, numbers: Iterable[int]) -> None:
    """Nothing needs to be known any more of segments that are loaded and whose files are gone."""
    done = Segment.state == SegmentState.DONE
    uow.session.execute(delete(Segment).where(Segment.epoch == epoch, Segment.number.in_(list(numbers)), done))


@lru_cache(maxsize=4096)
def storable(place: Address) -> bool:
    """Whether the ledger has room for a record's texts; a segment that no gateway of ours wrote may not."""
    ids = (
        place.entitlement_id, place.order_id, place.organisation_id, place.supplier_id, place.listing_id,
        place.credential_id,
    )  # fmt: skip
    return all(len(each) <= _LONGEST_ID for each in ids) and not any("\0" in each for each in (*ids, place.operation))


def load(
    uow: Uow, header: Header, stretch: Stretch, asides: Iterable[Aside], uses: Mapping[str, datetime], *, done: bool
) -> Loaded:
    """Take a stretch in, but for what is put aside; ``uses`` are the keys whose last use is to be noted.

    Raises MovedMeanwhile, nothing taken in.
    """
    _move(uow, header, stretch, done=done)
    for aside in asides:
        put_aside(uow, header.epoch, header.number, aside)
    ended = [each for each in stretch.ended if storable(each.usage.address)]
    calls = [_record(header, each) for each in ended if each.usage.kind is Kind.CALL]
    leases.lock(uow, header.epoch, {call.entitlement_id for call in calls})
    report = usage.load(uow, calls) if calls else LoadReport(0, 0, 0)
    fresh = [call for call in calls if call.call_id in report.fresh]
    leases.consume(uow, header.epoch, _consumed(fresh, report.billed))
    if uses:
        keys.note_uses(uow, uses)
    receipts = sum(delivery.take(uow, _transfer(each)) for each in ended if each.usage.kind is Kind.FILE)
    _resolve(uow, header, stretch)
    loaded = Loaded(report.loaded, sum(call.credited for call in fresh), report.known, report.conflicts, receipts)
    _count(uow, header.epoch, loaded)
    return loaded


def _move(uow: Uow, header: Header, stretch: Stretch, *, done: bool) -> None:
    values = {
        "of": header.epoch, "part": header.number, "start": stretch.start, "stop": stretch.stop,
        "then": SegmentState.DONE if done else SegmentState.OPEN,
    }  # fmt: skip
    if uow.session.connection().execute(_MOVE, values).first() is None:
        raise MovedMeanwhile(f"segment {header.number} of {header.epoch} is not at {stretch.start}")


def put_aside(uow: Uow, epoch: str, number: int, aside: Aside) -> None:
    """Note bytes of a segment that cannot be loaded; they are kept for a person to look at."""
    row = {
        "epoch": epoch, "number": number, "position": aside.at, "size": aside.size, "reason": aside.reason[:2000],
        "kept_as": aside.kept_as, "at": uow.now(),
    }  # fmt: skip
    insert_missing(uow, Damage, [row])


def _resolve(uow: Uow, header: Header, stretch: Stretch) -> None:
    """Remember the records that stay open, forget those that were and are not any more."""
    opened = [
        {"epoch": header.epoch, "seq": seq, "number": header.number, "position": found.position}
        for seq, found in stretch.opened.items()
    ]
    if opened:
        uow.session.connection().execute(_OPEN, opened)
    if stretch.settled:
        settled = [{"of": header.epoch, "call": seq} for seq in stretch.settled]
        uow.session.connection().execute(_SETTLE, settled)


def _consumed(calls: Iterable[UsageRecord], billed: Mapping[str, int]) -> dict[tuple[str, Meter], int]:
    """What calls were made of, as the gateway counts it: a recorded one of the quota, a billed one of the money."""
    used: Counter[tuple[str, Meter]] = Counter()
    for call in calls:
        used[call.entitlement_id, Meter.QUOTA if call.mode == "live" else Meter.TRIAL] += 1
    for entitlement_id, count in billed.items():
        used[entitlement_id, Meter.FUNDED] += count
    return dict(used)


def _count(uow: Uow, epoch: str, loaded: Loaded) -> None:
    if loaded.calls:
        more = {"of": epoch, "more": loaded.calls, "more_credited": loaded.credited}
        uow.session.connection().execute(_COUNT, more)


def _record(header: Header, ended: Ended) -> UsageRecord:
    found = ended.usage
    return UsageRecord(
        call_id=found.call_id, epoch=found.epoch, seq=found.seq, at=moment(found), plan_hash=found.plan_hash,
        mode=found.mode, status=found.status, outcome=found.outcome.text, bytes_in=found.bytes_in,
        bytes_out=found.bytes_out, records=found.records, latency_us=found.latency_us, credited=not ended.delivered,
        raw=found.raw, salt=header.salt(found.seq), **_address(found),
    )  # fmt: skip


def _address(found: Usage) -> dict[str, Any]:
    place = found.address
    return {
        "entitlement_id": place.entitlement_id, "order_id": place.order_id, "organisation_id": place.organisation_id,
        "supplier_id": place.supplier_id, "listing_id": place.listing_id, "operation": place.operation,
        "credential_id": place.credential_id,
    }  # fmt: skip


def moment(found: Usage) -> datetime:
    """When it began. A clock that was wrong beyond any calendar gives the last moment of it."""
    return _EPOCH + timedelta(microseconds=min(found.at_us, _LAST_US))


def _transfer(ended: Ended) -> Transfer:
    found = ended.usage
    return Transfer(
        call_id=found.call_id, at=moment(found), order_id=found.address.order_id, file_id=found.address.operation,
        account=found.address.credential_id, start=found.first_byte, stop=found.first_byte + found.bytes_out,
        confirmed=ended.delivered, sha256=found.plan_hash,
    )  # fmt: skip
