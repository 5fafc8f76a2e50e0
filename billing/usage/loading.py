"""Loading records: each once, into a batch under one root, its sums and its holds, all in one unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert, select

from billing.rating import billable
from billing.usage import sums
from billing.usage.holding import Calendar, Meter, locked_all, plan_of, units_by_label
from billing.usage.models import UsageBatch, UsageConflict, UsageCredit, UsageRow
from billing.usage.rules import digest, in_chunks, is_countable, leaf_of, ranges_of
from billing.usage.types import LoadReport, Sum, UsageRecord
from compliance.audit.merkle import Frontier
from compliance.audit.service import record as record_entry
from core.actor import SYSTEM
from core.db import Uow
from core.ids import new_id
from core.rows import copy_in, insert_missing

_RECORDS = cast(Table, UsageRow.__table__)
_ROWS = insert(_RECORDS)
_BATCH = insert(cast(Table, UsageBatch.__table__))
_CHUNK = 500


def load(uow: Uow, batch: Sequence[UsageRecord]) -> LoadReport:
    """Take records into the ledger, each once, whatever their time and order.

    One that is there already with the same bytes is harmless; when it says now that it was not delivered, it
    is credited. One with other bytes under a known call id is refused and kept apart. What is new stands in
    one batch whose root has one audit entry; its roll-ups grow, its lease is used up, and its cost is held.
    """
    new, known, conflicts = _sorted_out(uow, batch)
    credit(uow, [record.call_id for record in known if record.credited], reason="not delivered")
    _keep_apart(uow, conflicts)
    if not new:
        return LoadReport(0, len(known), len(conflicts))
    meters = locked_all(uow, {record.entitlement_id: record for record in new})
    batch_id = _store(uow, new)
    found = sums.summed(new)
    sums.add(uow, found)
    billed = _count(uow, meters, found)
    fresh = frozenset(record.call_id for record in new)
    return LoadReport(len(new), len(known), len(conflicts), batch_id, fresh, billed)


def credit(uow: Uow, call_ids: Sequence[str], *, reason: str) -> int:
    """Bill these calls to nobody: they were recorded, but not delivered. Answers how many were not credited yet."""
    meters = locked_all(uow, {row.entitlement_id: None for row in _creditable(uow, call_ids)})
    wanted = _creditable(uow, call_ids)
    if not wanted:
        return 0
    rows = [{"call_id": row.call_id, "reason": reason, "at": uow.now()} for row in wanted]
    insert_missing(uow, UsageCredit, rows)
    found = sums.summed(wanted)
    sums.move_to_credited(uow, found)
    _count(uow, meters, found, sign=-1)
    return len(wanted)


def _sorted_out(
    uow: Uow, batch: Sequence[UsageRecord]
) -> tuple[list[UsageRecord], list[UsageRecord], list[UsageRecord]]:
    """The records that are new, those known with the same bytes, and those that must not be taken."""
    there = _stored(uow, [record.call_id for record in batch])
    new: list[UsageRecord] = []
    known: list[UsageRecord] = []
    conflicts: list[UsageRecord] = []
    for record in batch:
        mine = (record.raw, record.salt)
        before = there.setdefault(record.call_id, mine) if is_countable(record) else (b"", b"")
        if before is mine:
            new.append(record)
        else:
            (known if before == mine else conflicts).append(record)
    return new, known, conflicts


def _stored(uow: Uow, call_ids: Sequence[str]) -> dict[str, tuple[bytes, bytes]]:
    found: dict[str, tuple[bytes, bytes]] = {}
    for chunk in in_chunks(call_ids, _CHUNK):
        chosen = select(UsageRow.call_id, UsageRow.raw, UsageRow.salt).where(UsageRow.call_id.in_(chunk))
        found |= {call_id: (raw, salt) for call_id, raw, salt in uow.session.execute(chosen)}
    return found


def _creditable(uow: Uow, call_ids: Sequence[str]) -> list[UsageRow]:
    found: list[UsageRow] = []
    for chunk in in_chunks(call_ids, _CHUNK):
        chosen = select(UsageRow).outerjoin(UsageCredit, UsageCredit.call_id == UsageRow.call_id)
        open_ones = chosen.where(UsageRow.call_id.in_(chunk), ~UsageRow.credited, UsageCredit.call_id.is_(None))
        found += uow.session.execute(open_ones.order_by(UsageRow.call_id)).scalars()
    return found


def _keep_apart(uow: Uow, conflicts: Sequence[UsageRecord]) -> None:
    rows = {
        (each.call_id, digest(each)): {"raw": each.raw, "salt": each.salt, "seen_at": uow.now()} for each in conflicts
    }
    insert_missing(uow, UsageConflict, [{"call_id": key[0], "sha256": key[1]} | row for key, row in rows.items()])


def _store(uow: Uow, records: Sequence[UsageRecord]) -> str:
    """The batch, its one audit entry, which tells nothing of any buyer, and the records."""
    batch_id, tree, ranges = new_id("ubt"), Frontier(), ranges_of(records)
    for record in records:
        tree.append(leaf_of(record.raw, record.salt))
    root = tree.root()
    entry_id = record_entry(
        uow, SYSTEM, action="usage:load", object_id=batch_id,
        data={"root": root.hex(), "count": str(len(records)), "ranges": ranges},
    )  # fmt: skip
    batch = {
        "id": batch_id, "root": root, "count": len(records), "ranges": ranges, "audit_entry_id": entry_id,
        "loaded_at": uow.now(),
    }  # fmt: skip
    uow.session.execute(_BATCH, [batch])
    rows = (_row(record, batch_id, position) for position, record in enumerate(records))
    if uow.house.db.sqlite:
        uow.session.execute(_ROWS, list(rows))
    else:
        copy_in(uow, _RECORDS, rows)
    return batch_id


def _row(record: UsageRecord, batch_id: str, position: int) -> dict[str, Any]:
    return {
        "call_id": record.call_id, "batch_id": batch_id, "position": position, "at": record.at,
        "quarter": record.quarter, "entitlement_id": record.entitlement_id, "operation": record.operation,
        "credential_id": record.credential_id, "plan_hash": record.plan_hash, "mode": record.mode,
        "status": record.status, "outcome": record.outcome, "bytes_in": record.bytes_in,
        "bytes_out": record.bytes_out, "records": record.records, "latency_us": record.latency_us,
        "credited": record.credited, "raw": record.raw, "salt": record.salt,
    }  # fmt: skip


def _count(uow: Uow, meters: Mapping[str, Meter], found: Sequence[Sum], *, sign: int = 1) -> dict[str, int]:
    """Bring windows, leases and holds in line with what came (or, ``sign`` -1, is credited).

    Answers how many calls given out were used up, by entitlement: also by one that its caller did not get.
    """
    calendar = Calendar(uow)
    billed: dict[str, int] = {}
    by_plan: dict[tuple[str, str], list[Sum]] = {}
    for each in found:
        by_plan.setdefault((each.entitlement_id, each.plan_hash), []).append(each)
    for (entitlement_id, plan_hash), parts in by_plan.items():
        meter, plan = meters[entitlement_id], plan_of(uow, plan_hash)
        if plan is None:
            continue  # counted when its meter is opened
        if sign > 0:
            used = sum(each.calls for each in parts if billable(plan, each.outcome, each.mode))
            billed[entitlement_id] = billed.get(entitlement_id, 0) + used
            meter.hold.leased -= min(meter.hold.leased, used)
        counts = [(each.quarter, each.count) for each in parts]
        units = units_by_label(calendar, meter.hold.organisation_id, plan, counts)
        meter.add_units(plan_hash, plan, {label: sign * more for label, more in units.items()})
    for meter in sorted(meters.values(), key=lambda each: (each.hold.organisation_id, each.hold.entitlement_id)):
        meter.hold_again(calendar)
    uow.session.flush()
    return billed
