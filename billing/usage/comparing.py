"""What the usage ledger says of calls and leases, for whoever compares it with where they came from. No actor."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Integer, cast, func, select

from billing.usage.models import UsageConflict, UsageHold, UsageQuota, UsageRow
from billing.usage.rules import in_chunks
from core.db import Uow

_EPOCH_LENGTH = 16
_CHUNK = 500


def raw_of(uow: Uow, call_ids: Sequence[str]) -> dict[str, bytes]:
    """The bytes that were loaded for these calls; those that are not there are left out."""
    found: dict[str, bytes] = {}
    for chunk in in_chunks(call_ids, _CHUNK):
        chosen = select(UsageRow.call_id, UsageRow.raw).where(UsageRow.call_id.in_(chunk))
        found |= {str(call_id): bytes(raw) for call_id, raw in uow.session.execute(chosen)}
    return found


def calls_by_epoch(uow: Uow) -> dict[str, tuple[int, int]]:
    """How many calls of each gateway process are there, and how many of them were loaded as not delivered."""
    epoch = func.substr(UsageRow.call_id, 1, _EPOCH_LENGTH)
    chosen = select(epoch, func.count(), func.sum(cast(UsageRow.credited, Integer))).group_by(epoch)
    return {name: (int(calls), int(credited)) for name, calls, credited in uow.session.execute(chosen)}


def given_out(uow: Uow) -> dict[str, int]:
    """The calls of each entitlement that are given out and not used yet."""
    chosen = select(UsageHold.entitlement_id, UsageHold.leased).where(UsageHold.leased > 0)
    return {str(entitlement_id): int(leased) for entitlement_id, leased in uow.session.execute(chosen)}


def taken(uow: Uow) -> dict[tuple[str, str], int]:
    """The calls taken of each quota, by entitlement and window."""
    chosen = select(UsageQuota.entitlement_id, UsageQuota.label, UsageQuota.taken)
    return {(entitlement_id, label): count for entitlement_id, label, count in uow.session.execute(chosen)}


def conflict_count(uow: Uow) -> int:
    """Records that came under the call id of another one."""
    return uow.session.execute(select(func.count()).select_from(UsageConflict)).scalar_one()
