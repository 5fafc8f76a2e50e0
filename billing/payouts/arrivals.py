"""What the processor pays out of suppliers' accounts to their own banks: seen and shown, our money no more."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from billing.payouts.events import ArrivalChanged
from billing.payouts.models import ArrivalRow, ConnectedAccountRow
from billing.processor.amounts import from_remote
from billing.processor.types import Told
from core.db import Uow
from core.rows import insert_missing


def told(uow: Uow, seen: Told) -> None:
    """As it was seen last; what was seen earlier never takes the place of what was later. Ours alone."""
    owner = select(ConnectedAccountRow.organisation_id).where(ConnectedAccountRow.remote_id == seen.account)
    organisation_id = uow.session.execute(owner).scalars().first() if seen.account else None
    if organisation_id is None:
        return
    currency, seen_at = str(seen.object["currency"]).upper(), seen.seen_at or uow.now()
    arrives = seen.object.get("arrival_date")
    new = {
        "remote_id": seen.id, "organisation_id": organisation_id, "currency": currency, "state": "", "message": "",
        "amount": from_remote(int(seen.object["amount"]), currency), "seen_at": seen_at,
    }  # fmt: skip
    insert_missing(uow, ArrivalRow, [new])
    row = uow.session.get_one(ArrivalRow, seen.id, with_for_update=True, populate_existing=True)
    if seen_at < row.seen_at:
        return
    before, row.state, row.seen_at = row.state, str(seen.object["status"])[:20], seen_at
    row.message = str(seen.object.get("failure_message") or "")[:500]
    row.arrives_at = datetime.fromtimestamp(int(arrives), UTC) if arrives else None
    uow.session.flush()
    if before != row.state:
        uow.emit(ArrivalChanged(row.remote_id, organisation_id, row.state, row.amount, currency))
