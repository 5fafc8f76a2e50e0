"""A supplier's account with the processor: begun here, filled in on its own pages, followed by its state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from billing.payouts import queries
from billing.payouts.errors import AccountNotBegun, CountryMissing
from billing.payouts.models import ConnectedAccountRow
from billing.payouts.types import ConnectedAccount
from billing.processor import queries as processor
from billing.processor import service as asking
from billing.processor.client import Processor
from billing.processor.errors import ProcessorUnavailable, ProcessorUnreachable, RemoteRefusal, RemoteUnknown
from billing.processor.events import AttemptDone, AttemptRefused
from billing.processor.types import Deed, Kind, Told
from compliance.audit.service import record
from compliance.identity.queries import organisation
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.rows import insert_missing, locked

RETURN_PATH = "/payouts/account"
AGAIN_PATH = "/payouts/account/again"
_SOON, _LATER = timedelta(hours=1), timedelta(days=1)
_COUNTED = ("submitted", "transfers", "payouts_enabled", "due", "disabled_reason")


def begin(uow: Uow, actor: Actor) -> ConnectedAccount:
    """Begin the own organisation's account with the processor, once; the processor is asked after this unit.

    Beginning again changes nothing, unless the processor refused: then it is asked anew. Raises PolicyRefused,
    ProcessorUnavailable, CountryMissing.
    """
    own = actor.organisation_id or ""
    decision = require(actor, "payout:onboard", Resource("payout", own, {"owner": actor.organisation_id}))
    if not processor.standing(uow.house).available:
        raise ProcessorUnavailable("No payment processor is connected.", hint="Give a bank account instead.")
    found = organisation(uow, own)
    if not found.country:
        raise CountryMissing(hint="Complete the organisation's data first.")
    new = {
        "organisation_id": own, "remote_id": "", "country": found.country, "submitted": False, "transfers": False,
        "payouts_enabled": False, "due": "[]", "disabled_reason": "", "code": "", "message": "",
        "begun_at": uow.now(),
    }  # fmt: skip
    insert_missing(uow, ConnectedAccountRow, [new])
    row = locked(uow, ConnectedAccountRow, ConnectedAccountRow.organisation_id == own)
    assert row is not None
    if not row.remote_id and not processor.is_planned(uow, own, Deed.ACCOUNT):
        row.country, row.code, row.message = found.country, "", ""
        asking.plan(
            uow, Deed.ACCOUNT, own,
            {"type": "express", "country": found.country, "business_type": "company",
             "capabilities": {"transfers": {"requested": True}}, "metadata": {"organisation": own}},
        )  # fmt: skip
        _note(uow, actor, "payout_account:begin", row.snapshot(), decision)
    return row.snapshot()


def link(house: House, actor: Actor) -> str:
    """A fresh address where the own account is filled in; it works once, and is kept nowhere. Never inside a unit.

    Raises PolicyRefused, AccountNotBegun with what the processor said against it, ProcessorUnreachable.
    """
    account = house.db.read(lambda uow: queries.account_to_fill_in(uow, actor))
    if not account.remote_id:
        for attempt_id in house.db.read(lambda uow: processor.planned(uow, [account.organisation_id])):
            asking.carry_out(house, attempt_id)
        account = house.db.read(lambda uow: queries.account_to_fill_in(uow, actor))
    if not account.remote_id:
        raise AccountNotBegun(account.message) if account.code else ProcessorUnreachable("Try again in a moment.")
    house.db.write(lambda uow: _note(uow, actor, "payout_account:link", account, None))
    base = house.settings.web_address
    try:
        return house.adapter(Processor).link(  # type: ignore[type-abstract]
            account.remote_id, refresh_url=base + AGAIN_PATH, return_url=base + RETURN_PATH
        )
    except (RemoteRefusal, RemoteUnknown) as problem:
        raise ProcessorUnreachable(str(problem)[:200]) from None


def done(uow: Uow, event: AttemptDone) -> None:
    """The processor made the account. What it answered may be old news by now: what was seen since then stays."""
    if event.deed == Deed.ACCOUNT:
        row = locked(uow, ConnectedAccountRow, ConnectedAccountRow.organisation_id == event.subject_id)
        if row is not None:
            row.remote_id, row.code, row.message = event.remote_id, "", ""
            row.look_at = uow.now()
            if row.seen_at is None:
                _bring_in_line(uow, row, event.remote)
            uow.session.flush()


def refused(uow: Uow, event: AttemptRefused) -> None:
    """The processor makes no account; it can be begun anew."""
    if event.deed == Deed.ACCOUNT:
        row = locked(uow, ConnectedAccountRow, ConnectedAccountRow.organisation_id == event.subject_id)
        if row is not None:
            row.code, row.message = event.code[:80], event.message[:500]
            _note(uow, SYSTEM, "payout_account:refuse", row.snapshot(), None)


def told(uow: Uow, seen: Told) -> None:
    """An account as it was seen with the processor. What was seen earlier never takes the place of what was later."""
    mark = (seen.object.get("metadata") or {}).get("organisation")
    unnamed = ConnectedAccountRow.organisation_id == mark, ConnectedAccountRow.remote_id == ""
    row = locked(uow, ConnectedAccountRow, ConnectedAccountRow.remote_id == seen.id) or locked(
        uow, ConnectedAccountRow, *unnamed
    )
    seen_at = seen.seen_at or uow.now()
    if row is None or (row.seen_at is not None and seen_at < row.seen_at):
        return
    row.remote_id, row.seen_at = seen.id, seen_at
    _bring_in_line(uow, row, seen.object)
    row.look_at = uow.now() + (_LATER if row.snapshot().ready else _SOON)
    uow.session.flush()


def look_after(house: House, limit: int = 20) -> int:
    """Look at accounts of which nobody told us for a while; answers how many."""
    due = house.db.write(lambda uow: _due(uow, limit))
    for remote_id in due:
        _follow(house, remote_id)
    return len(due)


def refresh(house: House, actor: Actor) -> None:
    """Look at the own account now, for somebody who came back from filling it in. Says nothing when nobody answers."""
    account = house.db.read(lambda uow: queries.account(uow, actor.organisation_id or ""))
    if account is not None and account.remote_id:
        _follow(house, account.remote_id)


def look_soon(uow: Uow, remote_id: str) -> None:
    """The processor refused something for an account: it may not be what it was."""
    row = locked(uow, ConnectedAccountRow, ConnectedAccountRow.remote_id == remote_id)
    if row is not None:
        row.look_at = uow.now()


def _follow(house: House, remote_id: str) -> None:
    try:
        asking.follow(house, Kind.ACCOUNT, remote_id)
    except (RemoteUnknown, RemoteRefusal):
        return  # the next look comes


def _due(uow: Uow, limit: int) -> list[str]:
    ready = ConnectedAccountRow.look_at <= uow.now(), ConnectedAccountRow.remote_id != ""
    chosen = select(ConnectedAccountRow).where(*ready).order_by(ConnectedAccountRow.look_at).limit(limit)
    found = list(uow.session.execute(chosen.with_for_update(skip_locked=True)).scalars())
    for row in found:
        row.look_at = uow.now() + _SOON
    return [row.remote_id for row in found]


def _bring_in_line(uow: Uow, row: ConnectedAccountRow, remote: Mapping[str, Any]) -> None:
    before = {name: getattr(row, name) for name in _COUNTED}
    requirements = remote.get("requirements") or {}
    row.submitted = bool(remote.get("details_submitted"))
    row.transfers = (remote.get("capabilities") or {}).get("transfers") == "active"
    row.payouts_enabled = bool(remote.get("payouts_enabled"))
    row.due = json.dumps([str(each) for each in requirements.get("currently_due") or []])
    row.disabled_reason = str(requirements.get("disabled_reason") or "")[:120]
    uow.session.flush()
    if before != {name: getattr(row, name) for name in _COUNTED}:
        _note(uow, SYSTEM, "payout_account:change", row.snapshot(), None)


def _note(uow: Uow, actor: Actor, action: str, found: ConnectedAccount, decision: Decision | None) -> None:
    record(
        uow, actor, action=action, object_id=found.organisation_id, decision=decision,
        data={
            "account": found.remote_id, "country": found.country, "ready": str(found.ready).lower(),
            "disabled_reason": found.disabled_reason,
        },
        concerns=[found.organisation_id],
    )  # fmt: skip
