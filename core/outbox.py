"""The outbox: later handlers' work, written with the change that caused it, carried out after its commit.

The relay claims rows with a lease, commits, calls the handler outside any unit, then deletes the
row. Killed in between, the lease runs out and the handler is called again. A row that keeps failing
waits longer each time and is left as a dead letter after ``MOST_ATTEMPTS``.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Uow, UtcDateTime
from core.events import Event
from core.problems import Unavailable

if TYPE_CHECKING:
    from core.house import House

MOST_ATTEMPTS = 12
_LEASE = timedelta(seconds=30)
log = logging.getLogger("piaohao.outbox")


class OutboxRow(Base):
    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    subscriber: Mapped[str]
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class _Claim:
    id: int
    subscriber: str
    payload: dict[str, Any]
    attempts: int


def enqueue(uow: Uow, event: Event) -> None:
    """Write one row for every later subscriber of ``event``, in the event's own unit."""
    for subscriber in uow.house.registry.subscribers(type(event)):
        payload = json.dumps(event.payload(), ensure_ascii=False)
        uow.session.add(OutboxRow(subscriber=subscriber, payload=payload, created_at=uow.now(), due_at=uow.now()))


def relay(house: House, limit: int = 50) -> int:
    """Carry out up to ``limit`` due rows; answers how many were tried."""
    claims = house.db.write(lambda uow: _claim(uow, limit))
    for claim in claims:
        _deliver(house, claim)
    return len(claims)


@dataclass(frozen=True)
class DeadLetter:
    """A row that was tried as often as rows are; nothing happens to it until somebody says what."""

    id: int
    subscriber: str
    payload: dict[str, Any]
    created_at: datetime
    due_at: datetime
    attempts: int
    last_error: str


def dead(uow: Uow, *, after: int = 0, limit: int = 50) -> list[DeadLetter]:
    """Dead letters, the oldest first, those after a row."""
    chosen = select(OutboxRow).where(OutboxRow.attempts >= MOST_ATTEMPTS, OutboxRow.id > after)
    return [_dead(row) for row in uow.session.execute(chosen.order_by(OutboxRow.id).limit(limit)).scalars()]


def dead_count(uow: Uow) -> int:
    statement = select(func.count()).select_from(OutboxRow).where(OutboxRow.attempts >= MOST_ATTEMPTS)
    return uow.session.execute(statement).scalar_one()


def oldest_waiting(uow: Uow) -> datetime | None:
    """Since when the oldest row waits that is not a dead letter."""
    return uow.session.execute(
        select(func.min(OutboxRow.created_at)).where(OutboxRow.attempts < MOST_ATTEMPTS)
    ).scalar_one()


def retry_dead(uow: Uow, row_id: int) -> DeadLetter | None:
    """Let a dead letter be tried anew; None when there is none of that id."""
    row = _load_dead(uow, row_id)
    if row is None:
        return None
    letter = _dead(row)
    row.attempts, row.due_at = 0, uow.now()
    return letter


def drop_dead(uow: Uow, row_id: int) -> DeadLetter | None:
    """Give a dead letter up; None when there is none of that id."""
    row = _load_dead(uow, row_id)
    if row is None:
        return None
    letter = _dead(row)
    uow.session.delete(row)
    return letter


def _load_dead(uow: Uow, row_id: int) -> OutboxRow | None:
    row = uow.session.get(OutboxRow, row_id, with_for_update=True) if 0 < row_id < 1 << 31 else None
    return row if row is not None and row.attempts >= MOST_ATTEMPTS else None


def _dead(row: OutboxRow) -> DeadLetter:
    return DeadLetter(
        row.id, row.subscriber, json.loads(row.payload), row.created_at, row.due_at, row.attempts, row.last_error or ""
    )


def waiting(uow: Uow) -> int:
    """How many rows are still to be carried out, dead letters left out."""
    statement = select(func.count()).select_from(OutboxRow).where(OutboxRow.attempts < MOST_ATTEMPTS)
    return uow.session.execute(statement).scalar_one()


def _claim(uow: Uow, limit: int) -> list[_Claim]:
    due = (
        select(OutboxRow)
        .where(OutboxRow.due_at <= uow.now(), OutboxRow.attempts < MOST_ATTEMPTS)
        .order_by(OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = uow.session.execute(due).scalars().all()
    for row in rows:
        row.due_at = uow.now() + _LEASE * (row.attempts + 1)
        row.attempts += 1
    return [_Claim(row.id, row.subscriber, json.loads(row.payload), row.attempts) for row in rows]


def _deliver(house: House, claim: _Claim) -> None:
    known = house.registry.later_handlers.get(claim.subscriber)
    if known is None:
        return _note_failure(house, claim, f"no subscriber named {claim.subscriber}")
    event_type, handler = known
    payload = {key: tuple(v) if isinstance(v, list) else v for key, v in claim.payload.items()}
    try:
        handler(house, event_type(**payload))
    except Unavailable as busy:
        log.warning("outbox subscriber %s is put off: %s", claim.subscriber, busy)
        return _note_failure(house, claim, f"{type(busy).__name__}: {busy}")
    except Exception as error:  # any failure of a subscriber is kept with its row, never lost
        log.exception("outbox subscriber %s failed", claim.subscriber)
        return _note_failure(house, claim, f"{type(error).__name__}: {error}")
    house.db.write(lambda uow: uow.session.execute(delete(OutboxRow).where(OutboxRow.id == claim.id)))
    return None


def _note_failure(house: House, claim: _Claim, reason: str) -> None:
    def work(uow: Uow) -> None:
        again = uow.now() + timedelta(seconds=min(600, 2**claim.attempts))
        uow.session.execute(
            update(OutboxRow).where(OutboxRow.id == claim.id).values(due_at=again, last_error=reason[:2000])
        )

    house.db.write(work)
