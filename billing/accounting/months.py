"""Closing a month: one person of finance closes, another confirms; from then on nothing is posted into it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import rfc8785
from sqlalchemy import select

from billing.accounting import periods
from billing.accounting.chart import CHART
from billing.accounting.errors import MonthChanged, MonthClosed, MonthNotFound, MonthNotOver
from billing.accounting.models import MonthCloseRow
from billing.accounting.types import FORMAT_VERSION, MonthClose
from billing.ledger import journal
from billing.ledger.types import AccountKind, TrialRow
from billing.periods import queries as usage_periods
from compliance.audit import checkpoints
from compliance.audit import queries as audit
from compliance.audit.service import record
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.money import format_amount
from core.rows import insert_missing

_SETTLED_AFTER = timedelta(hours=1)
"""Whatever was under way at a month's end is posted by then."""
_FORMAT = "piaohao-month-close"


def close(uow: Uow, actor: Actor, month: str) -> MonthClose:
    """Freeze a month's trial balance, for another person to confirm. Done again before that, it is drawn up anew.

    Raises PolicyRefused, PeriodInvalid, MonthNotOver until an hour after its end, MonthClosed.
    """
    decision = require(actor, "accounting:close", Resource("accounting", month, {"owner": None}))
    _, ends_at = periods.month(month, uow.house.settings.timezone)
    if ends_at + _SETTLED_AFTER > uow.now():
        raise MonthNotOver(hint="Close it an hour after its end.", month=month)
    document = _document(uow, month)
    text = rfc8785.dumps(document).decode()
    given = {
        "ends_at": ends_at, "document": text, "sha256": _digest(text), "closed_by": actor.account_id or "",
        "closed_at": uow.now(),
    }  # fmt: skip
    if not insert_missing(uow, MonthCloseRow, [{"month": month, **given}]):
        row = _locked(uow, month)
        if row.confirmed_at is not None:
            raise MonthClosed(month=month)
        for name, value in given.items():
            setattr(row, name, value)
        uow.session.flush()
    return _noted(uow, actor, _locked(uow, month), "month:close", decision)


def confirm(uow: Uow, actor: Actor, month: str, *, sha256: str) -> MonthClose:
    """Another person of finance confirms the document with this hash. From then on nothing is posted before its end.

    Raises PolicyRefused, MonthNotFound, MonthClosed, and MonthChanged when the document is another one, or the ledger
    does not say the same any more.
    """
    require(actor, "accounting:see", _resource(month))
    row = _locked(uow, month)
    resource = Resource("accounting", month, {"owner": None, "closed_by": row.closed_by})
    decision = require(actor, "accounting:confirm", resource)
    if row.confirmed_at is not None:
        raise MonthClosed(month=month)
    now = _trial(uow, month)
    said = {name: json.loads(row.document)[name] for name in now}
    if row.sha256 != sha256 or said != now:
        raise MonthChanged(hint="Close it anew.", month=month)
    row.confirmed_by, row.confirmed_at = actor.account_id, uow.now()
    uow.session.flush()
    return _noted(uow, actor, row, "month:confirm", decision)


def get(uow: Uow, actor: Actor, month: str) -> MonthClose:
    """Raises PolicyRefused, MonthNotFound."""
    require(actor, "accounting:see", _resource(month))
    row = uow.session.get(MonthCloseRow, month, populate_existing=True)
    if row is None:
        raise MonthNotFound()
    return row.snapshot()


def newest(uow: Uow, limit: int = 24) -> list[MonthClose]:
    """The months that were closed, the newest first. Asks no policy: for pages that asked."""
    chosen = select(MonthCloseRow).order_by(MonthCloseRow.month.desc()).limit(limit)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def signed(house: House, closed: MonthClose) -> dict[str, Any]:
    """The document under the log's key, ready to be verified offline. Raises MonthNotFound before it is confirmed."""
    if closed.confirmed_at is None:
        raise MonthNotFound("It waits for another person.")
    return {
        "format": _FORMAT,
        "version": FORMAT_VERSION,
        "document": closed.document,
        "sha256": closed.sha256,
        "signature": checkpoints.sign_month(house, closed.month, rfc8785.dumps(dict(closed.document))),
        "key": checkpoints.public_key(house).text(),
    }


def _document(uow: Uow, month: str) -> dict[str, Any]:
    head = audit.newest_checkpoint(uow)
    ends_at = periods.month(month, uow.house.settings.timezone)[1]
    return {
        "version": FORMAT_VERSION,
        **_trial(uow, month),
        "waiting": len(usage_periods.waiting(uow, ends_at)),
        "failing": len(usage_periods.failing(uow)),
        "audit": {"size": head.size, "root": head.root} if head else None,
    }


def _trial(uow: Uow, month: str) -> dict[str, Any]:
    """What the ledger alone says of a month: the same whenever it is asked, once the month is over."""
    zone = uow.house.settings.timezone
    starts_at, ends_at = periods.month(month, zone)
    moved = {(row.kind, row.currency): row for row in journal.totals_until(uow, ends_at, starts_at)}
    rows = journal.totals_until(uow, ends_at)
    totals: dict[str, int] = {}
    for row in rows:
        totals[row.currency] = totals.get(row.currency, 0) + row.balance
    return {
        "month": month,
        "zone": zone,
        "from": _moment(starts_at),
        "to": _moment(ends_at),
        "accounts": [_account(row, moved.get((row.kind, row.currency))) for row in rows],
        "totals": {currency: format_amount(total, currency) for currency, total in totals.items()},
        "transactions": journal.count_until(uow, ends_at),
    }


def _account(row: TrialRow, moved: TrialRow | None) -> Mapping[str, str]:
    account, currency = CHART[AccountKind(row.kind)], row.currency
    debits, credits = (moved.debits, moved.credits) if moved else (0, 0)
    amounts = {
        "opening": row.balance - debits + credits, "debits": debits, "credits": credits, "closing": row.balance,
    }  # fmt: skip
    return {
        "code": account.code, "account": row.kind, "name": account.name, "name_zh": account.name_zh,
        "currency": currency, **{name: format_amount(amount, currency) for name, amount in amounts.items()},
    }  # fmt: skip


def _locked(uow: Uow, month: str) -> MonthCloseRow:
    row = uow.session.get(MonthCloseRow, month, with_for_update=True, populate_existing=True)
    if row is None:
        raise MonthNotFound()
    return row


def _noted(uow: Uow, actor: Actor, row: MonthCloseRow, action: str, decision: Decision) -> MonthClose:
    record(
        uow, actor, action=action, object_id=f"month-{row.month}", decision=decision,
        data={"month": row.month, "document_sha256": row.sha256},
    )  # fmt: skip
    return row.snapshot()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _resource(month: str) -> Resource:
    return Resource("accounting", month, {"owner": None})
