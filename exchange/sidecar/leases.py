"""What gateways hold on lease: taken from the usage ledger, noted by process, given back or used up. All in units.

For each process, entitlement and meter: granted − returned − consumed is what is out. What a dead process
had used is known when all its segments are loaded; only then is the rest given back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from billing.usage import service as usage
from core.db import Uow
from core.rows import insert_missing
from exchange.sidecar.models import Epoch, Lease
from exchange.sidecar.types import Calls, EpochState, Granted, Meter
from exchange.trading.types import CompiledEntitlement

_LEASES = cast(Table, Lease.__table__)
_OF = (
    select(_LEASES)
    .where(_LEASES.c.epoch == bindparam("process"), _LEASES.c.entitlement_id.in_(bindparam("rights", expanding=True)))
    .order_by(_LEASES.c.entitlement_id, _LEASES.c.meter, _LEASES.c.window.desc())
)
_CONSUME = (
    update(_LEASES)
    .where(
        _LEASES.c.epoch == bindparam("process"),
        _LEASES.c.entitlement_id == bindparam("right"),
        _LEASES.c.meter == bindparam("what"),
        _LEASES.c.window == bindparam("when"),
    )
    .values(consumed=_LEASES.c.consumed + bindparam("part"))
)
"""The statements of every unit that loads, built once."""


def register(uow: Uow, epoch: str) -> None:
    """Make a process known: whatever it is granted will be settled, even when it leaves no segment."""
    row = {"epoch": epoch, "state": EpochState.LIVE, "first_seen_at": uow.now(), "usages": 0, "credited": 0}
    insert_missing(uow, Epoch, [row])


def end(uow: Uow, epoch: str) -> None:
    """From now on nothing is granted to the process, whatever it asked for; who grants at this moment is waited for."""
    register(uow, epoch)
    process = uow.session.get_one(Epoch, epoch, with_for_update=True, populate_existing=True)
    if process.state == EpochState.LIVE:
        process.state, process.finished_at = EpochState.FINISHED, uow.now()
    uow.session.flush()


def sharers(uow: Uow) -> int:
    """How many processes may ask for some, on all machines."""
    return uow.session.execute(select(func.count()).where(Epoch.state == EpochState.LIVE)).scalar_one()


def _lives(uow: Uow, epoch: str) -> bool:
    """Whether its end was not noted; nor is it before this unit ends. Hinders nobody who counts what it recorded."""
    chosen = select(Epoch.epoch).where(Epoch.epoch == epoch, Epoch.state == EpochState.LIVE)
    return uow.session.execute(chosen.with_for_update(read=True, key_share=True)).first() is not None


def grant(uow: Uow, epoch: str, entitlement: CompiledEntitlement, asked: Calls, *, sharers: int = 1) -> Granted:
    """Lease what was asked for, as far as it is there; near the end of it a share that leaves some for others.

    Grants nothing to a right that is not in force, nor to a process whose end was noted.
    """
    if entitlement.state != "active" or entitlement.frozen or not entitlement.permitted or not _lives(uow, epoch):
        return Granted(Calls())
    lock(uow, epoch, [entitlement.id])
    granted, shared = Calls(), False
    for meter in (each for each in Meter if asked.of(each) > 0):
        part = _lease(uow, epoch, entitlement, meter, asked.of(meter), sharers)
        if not part:
            return Granted(granted, meter)
        granted += Calls(**{meter: part})
        shared |= part < asked.of(meter) and sharers > 1
    return Granted(granted, shared=shared)


def _lease(uow: Uow, epoch: str, entitlement: CompiledEntitlement, meter: Meter, asked: int, sharers: int) -> int:
    window = _window(uow, entitlement, meter)
    taken = _take(uow, entitlement, meter, window, asked)
    if 1 < taken < asked and sharers > 1:
        kept = max(1, taken // sharers)
        _put_back(uow, entitlement.id, meter, window, taken - kept)
        taken = kept
    if taken:
        _add(uow, (epoch, entitlement.id, meter, window), granted=taken)
    return taken


def _window(uow: Uow, entitlement: CompiledEntitlement, meter: Meter) -> str:
    return usage.quota_window(uow, entitlement) if meter is Meter.QUOTA else ""


def _take(uow: Uow, entitlement: CompiledEntitlement, meter: Meter, window: str, calls: int) -> int:
    if meter is Meter.QUOTA:
        return usage.take_quota(uow, entitlement, window, calls)
    if meter is Meter.TRIAL:
        return usage.take_trial(uow, entitlement, calls)
    return usage.fund(uow, entitlement, calls)


def _put_back(uow: Uow, entitlement_id: str, meter: Meter, window: str, calls: int) -> None:
    if meter is Meter.QUOTA:
        usage.return_quota(uow, entitlement_id, window, calls)
    elif meter is Meter.TRIAL:
        usage.return_trial(uow, entitlement_id, calls)
    else:
        usage.unfund(uow, entitlement_id, calls)


def give_back(uow: Uow, epoch: str, entitlement_id: str, given: Calls) -> Calls:
    """A process says how much it has given back in all; answers what is new of that. Heard again it changes nothing.

    More than it has is not taken from it.
    """
    new = {}
    for meter in Meter:
        new[str(meter)] = _give_back(uow, _rows(uow, epoch, entitlement_id, meter), given.of(meter))
    return Calls(**new)


def _give_back(uow: Uow, leases: list[Lease], given: int) -> int:
    """From the newest window first: of an older one the process has forgotten what it held."""
    new = 0
    for lease, part in _unused(leases, given - sum(lease.returned for lease in leases)):
        _put_back(uow, lease.entitlement_id, Meter(lease.meter), lease.window, part)
        lease.returned += part
        new += part
    uow.session.flush()
    return new


def _cancel(uow: Uow, leases: list[Lease], received: int) -> None:
    """What was granted beyond that never arrived: it is as if it had not been."""
    for lease, part in _unused(leases, sum(lease.granted for lease in leases) - received):
        _put_back(uow, lease.entitlement_id, Meter(lease.meter), lease.window, part)
        lease.granted -= part
    uow.session.flush()


def _unused(leases: Iterable[Lease], calls: int) -> Iterator[tuple[Lease, int]]:
    """Where so many calls are taken from, of what may still be used."""
    for lease in leases:
        part = min(calls, lease.out)
        if part > 0:
            yield lease, part
            calls -= part


def reconcile(uow: Uow, epoch: str, totals: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
    """A process that connects again says what it received and gave in all: messages that got lost are made good."""
    chosen = select(Lease).where(Lease.epoch == epoch).order_by(Lease.entitlement_id, Lease.meter, Lease.window.desc())
    leases: dict[tuple[str, str], list[Lease]] = {}
    for lease in uow.session.execute(chosen.with_for_update()).scalars():
        leases.setdefault((lease.entitlement_id, lease.meter), []).append(lease)
    for (entitlement_id, meter), rows in leases.items():
        received, given = totals.get(entitlement_id, {}).get(meter, (0, 0))
        _cancel(uow, rows, received)
        _give_back(uow, rows, given)


def lock(uow: Uow, epoch: str, entitlement_ids: Iterable[str]) -> None:
    """Leases are locked before the meters that they are of, everywhere."""
    wanted = sorted(set(entitlement_ids))
    if wanted and not uow.house.db.sqlite:
        uow.session.connection().execute(_OF.with_for_update(), {"process": epoch, "rights": wanted}).all()


def consume(uow: Uow, epoch: str, used: Mapping[tuple[str, Meter], int]) -> None:
    """So many calls of the process, by entitlement and meter, were loaded: what they were made of is used up."""
    if not used:
        return
    connection = uow.session.connection()
    rights = sorted({entitlement_id for entitlement_id, _ in used})
    leases: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(_OF, {"process": epoch, "rights": rights}):
        leases.setdefault((row.entitlement_id, row.meter), []).append(row)
    parts = [part for key, rows in leases.items() for part in _parts(rows, used.get((key[0], Meter(key[1])), 0))]
    if parts:
        connection.execute(_CONSUME, parts)


def _parts(rows: list[Any], calls: int) -> list[dict[str, Any]]:
    """From the newest window first: of an older one too much may be given back then, which nobody can use."""
    parts = []
    for row in rows:
        part = max(0, min(calls, row.granted - row.returned - row.consumed))
        calls -= part
        parts.append([row, part])
    parts[0][1] += calls
    return [
        {"process": row.epoch, "right": row.entitlement_id, "what": row.meter, "when": row.window, "part": part}
        for row, part in parts
        if part
    ]


def settle(uow: Uow, epoch: str, *, most: int = 50) -> list[str]:
    """Give back what a dead process had left of up to so many leases; answers whose. Call it until none is left.

    All that it had used must have been loaded before.
    """
    chosen = select(Lease).where(Lease.epoch == epoch).order_by(Lease.entitlement_id, Lease.meter).limit(most)
    settled = []
    for lease in uow.session.execute(chosen.with_for_update()).scalars():
        if lease.out > 0:
            _put_back(uow, lease.entitlement_id, Meter(lease.meter), lease.window, lease.out)
        uow.session.delete(lease)
        settled.append(lease.entitlement_id)
    uow.session.flush()
    return settled


def out_elsewhere(uow: Uow, epoch: str, entitlement: CompiledEntitlement, meter: Meter) -> list[str]:
    """The other processes that hold something of this meter, or whose calls are not loaded yet.

    What is left of a quota's window that is over does not count: nobody gives it back before its process ends.
    """
    chosen = select(Lease.epoch).where(
        Lease.entitlement_id == entitlement.id,
        Lease.meter == meter,
        Lease.window == _window(uow, entitlement, meter),
        Lease.epoch != epoch,
        Lease.granted > Lease.returned + Lease.consumed,
    )
    return list(uow.session.execute(chosen.distinct()).scalars())


def _rows(uow: Uow, epoch: str, entitlement_id: str, meter: Meter) -> list[Lease]:
    """The leases of one meter, the newest window first, locked."""
    chosen = select(Lease).where(Lease.epoch == epoch, Lease.entitlement_id == entitlement_id, Lease.meter == meter)
    ordered = chosen.order_by(Lease.window.desc()).with_for_update()
    return list(uow.session.execute(ordered, execution_options={"populate_existing": True}).scalars())


def _add(uow: Uow, key: tuple[str, str, Meter, str], granted: int) -> None:
    epoch, entitlement_id, meter, window = key
    row = {
        "epoch": epoch, "entitlement_id": entitlement_id, "meter": str(meter), "window": window, "granted": granted,
        "returned": 0, "consumed": 0,
    }  # fmt: skip
    insert = (sqlite if uow.house.db.sqlite else postgresql).insert(cast(Table, Lease.__table__)).values(row)
    grown = {"granted": Lease.granted + insert.excluded.granted}
    columns = ["epoch", "entitlement_id", "meter", "window"]
    uow.session.execute(insert.on_conflict_do_update(index_elements=columns, set_=grown))
