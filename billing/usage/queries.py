"""Reads of the usage ledger, always for an actor: the buyer, its suppliers, and people of the platform."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from billing.usage.checking import check
from billing.usage.comparing import calls_by_epoch, conflict_count, given_out, raw_of, taken
from billing.usage.counting import Counted, by_meter, by_quarter, first_quarters
from billing.usage.errors import CallNotFound, MeterNotFound
from billing.usage.holding import Calendar
from billing.usage.models import UsageCredit, UsageHold, UsageRow
from billing.usage.proofs import CallProof, proof_of
from billing.usage.series import usage_of
from billing.usage.standing import standing_of
from billing.usage.sums import sums_of
from billing.usage.types import Call, Standing, Step, Usage
from compliance.audit.queries import numbers
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.ids import is_id
from core.paging import Page, decode_cursor, encode_cursor

_CALL = re.compile(r"[0-9a-f]{16}-[0-9]{1,20}")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which meters an actor may read. Raises PolicyRefused for somebody who may read none."""
    own = actor.organisation_id
    if decide(actor, "usage:see", Resource("usage", "platform", {})).permitted:
        return true()
    sides = {"buyer": UsageHold.organisation_id, "supplier": UsageHold.supplier_id}
    mine = [column == own for side, column in sides.items() if own and _sees(actor, {side: own})]
    if not mine:
        require(actor, "usage:see", Resource("usage", own or "none", {"buyer": own}))
    return or_(false(), *mine)


def meter(uow: Uow, actor: Actor, entitlement_id: str, action: str = "usage:see") -> UsageHold:
    """Raises MeterNotFound, also for one that the actor may not see."""
    hold = uow.session.get(UsageHold, entitlement_id) if is_id("ent", entitlement_id) else None
    if hold is None or not decide(actor, action, _resource(hold)).permitted:
        raise MeterNotFound()
    return hold


def is_suppliers_view(actor: Actor, hold: UsageHold) -> bool:
    """Whether the actor sees the meter as its supplier only: then the buyer's keys and money are left out."""
    return not decide(actor, "usage:prove", _resource(hold)).permitted


def usage(
    uow: Uow, actor: Actor, *, entitlement_id: str | None = None, listing_id: str | None = None, by: Step = Step.DAY,
    starts_at: datetime | None = None, ends_at: datetime | None = None,
) -> Usage:  # fmt: skip
    """What the calls add up to that the actor may see, by hours or days of its organisation's time zone.

    Without a time, the last day or the last thirty. Raises MeterNotFound, PolicyRefused, RangeTooLong.
    """
    end = ends_at or uow.now()
    start = starts_at or end - (timedelta(days=1) if by is Step.HOUR else timedelta(days=30))
    mine = visible_to(actor) if entitlement_id is None else _is(meter(uow, actor, entitlement_id))
    chosen = mine if listing_id is None else and_(mine, UsageHold.listing_id == listing_id)
    months = Calendar(uow).of(actor.organisation_id or "")
    return usage_of(uow, chosen, by=by, zone=months.period_of(end).zone, starts_at=start, ends_at=end)


def standing(uow: Uow, actor: Actor, entitlement_id: str) -> Standing:
    """Where an entitlement stands. Raises MeterNotFound, also for one that the actor may not see."""
    hold = meter(uow, actor, entitlement_id)
    return standing_of(uow, hold, money=not is_suppliers_view(actor, hold))


def used(uow: Uow, entitlement_id: str) -> tuple[int, datetime | None, datetime | None]:
    """How many calls were recorded of a right, the first and the last of them. Asks no policy: for evidence."""
    chosen = select(func.count(), func.min(UsageRow.at), func.max(UsageRow.at))
    count, first, last = uow.session.execute(chosen.where(UsageRow.entitlement_id == entitlement_id)).one()
    return int(count), first, last


def calls(
    uow: Uow, actor: Actor, *, entitlement_id: str | None = None, operation: str | None = None,
    outcome: str | None = None, mode: str | None = None, cursor: str | None = None, limit: int = 25,
) -> Page[Call]:  # fmt: skip
    """Recorded calls that the actor may see, newest first. Raises MeterNotFound and PolicyRefused."""
    chosen = (
        select(UsageRow, UsageHold, UsageCredit.call_id)
        .join(UsageHold, UsageHold.entitlement_id == UsageRow.entitlement_id)
        .outerjoin(UsageCredit, UsageCredit.call_id == UsageRow.call_id)
        .where(*_wanted(uow, actor, entitlement_id, operation=operation, outcome=outcome, mode=mode))
    )
    if cursor:
        at, call_id = decode_cursor(uow.house.keyring, "calls", cursor)
        chosen = chosen.where(
            or_(
                UsageRow.at < (last := datetime.fromisoformat(at)),
                and_(UsageRow.at == last, UsageRow.call_id < call_id),
            )
        )
    found = uow.session.execute(chosen.order_by(UsageRow.at.desc(), UsageRow.call_id.desc()).limit(limit + 1)).all()
    shown = [_call(actor, row, hold, credit is not None) for row, hold, credit in found[:limit]]
    keys = [shown[-1].at.isoformat(), shown[-1].call_id] if len(found) > limit else None
    return Page(shown, encode_cursor(uow.house.keyring, "calls", keys) if keys else None)


def call(uow: Uow, actor: Actor, call_id: str) -> Call:
    """One call. Raises CallNotFound, also for one that the actor may not see."""
    row, hold = _stored(uow, actor, call_id, "usage:see")
    return _call(actor, row, hold, uow.session.get(UsageCredit, call_id) is not None)


def proof(uow: Uow, actor: Actor, call_id: str) -> CallProof:
    """The proof that a call stands in the log as it was recorded, for its buyer and the platform.

    Raises CallNotFound, also for somebody else's and for the supplier: the record names the buyer's key.
    """
    row, _ = _stored(uow, actor, call_id, "usage:prove")
    return proof_of(uow, row)


def shown_proof(uow: Uow, actor: Actor, call_id: str) -> dict[str, Any] | None:
    """The proof of a call that the actor sees, for reading; None for its supplier."""
    try:
        found = proof(uow, actor, call_id)
    except CallNotFound:
        return None
    return {
        "batch_id": found.batch_id, "audit_entry_id": found.audit_entry_id, "root": found.root.hex(),
        "entry_number": numbers(uow, [found.audit_entry_id]).get(found.audit_entry_id), "document": found.document(),
    }  # fmt: skip


def proofs(uow: Uow, actor: Actor, order_id: str, call_ids: Sequence[str]) -> list[CallProof]:
    """Proofs of calls of one order. Raises CallNotFound when one of them is none of that order's."""
    found = [proof(uow, actor, call_id) for call_id in dict.fromkeys(call_ids)]
    if any(each.order_id != order_id for each in found):
        raise CallNotFound()
    return found


def _wanted(uow: Uow, actor: Actor, entitlement_id: str | None, **equal: str | None) -> list[ColumnElement[bool]]:
    chosen = [getattr(UsageRow, name) == value for name, value in equal.items() if value is not None]
    if entitlement_id is None:
        return [*chosen, visible_to(actor)]
    return [*chosen, _is(meter(uow, actor, entitlement_id))]


def _is(hold: UsageHold) -> ColumnElement[bool]:
    return UsageHold.entitlement_id == hold.entitlement_id


def _stored(uow: Uow, actor: Actor, call_id: str, action: str) -> tuple[UsageRow, UsageHold]:
    row = uow.session.get(UsageRow, call_id) if _CALL.fullmatch(call_id) else None
    hold = uow.session.get(UsageHold, row.entitlement_id) if row else None
    if row is None or hold is None or not decide(actor, action, _resource(hold)).permitted:
        raise CallNotFound()
    return row, hold


def _sees(actor: Actor, sides: dict[str, str]) -> bool:
    return decide(actor, "usage:see", Resource("usage", "own", sides)).permitted


def _resource(hold: UsageHold) -> Resource:
    sides = {"buyer": hold.organisation_id, "supplier": hold.supplier_id}
    return Resource("usage", hold.entitlement_id, sides)


def _call(actor: Actor, row: UsageRow, hold: UsageHold, credited_later: bool) -> Call:
    return Call(
        call_id=row.call_id, at=row.at, entitlement_id=row.entitlement_id, order_id=hold.order_id,
        listing_id=hold.listing_id, operation=row.operation,
        credential_id=None if is_suppliers_view(actor, hold) else row.credential_id, mode=row.mode,
        status=row.status, outcome=row.outcome, bytes_in=row.bytes_in, bytes_out=row.bytes_out, records=row.records,
        latency_us=row.latency_us, credited=row.credited or credited_later, plan_hash=row.plan_hash,
        batch_id=row.batch_id,
    )  # fmt: skip


__all__ = [
    "Counted",
    "by_meter",
    "by_quarter",
    "call",
    "calls",
    "calls_by_epoch",
    "check",
    "conflict_count",
    "first_quarters",
    "given_out",
    "meter",
    "proof",
    "proofs",
    "raw_of",
    "shown_proof",
    "standing",
    "sums_of",
    "taken",
    "usage",
]
