"""The table of changes: a row for each thing that gateways know and that has changed, read so that none is lost.

SQLite lets one unit write at a time, so rows are numbered in the order of their commits. On PostgreSQL a
row of a long unit appears after rows with higher numbers: there the mark is the oldest unit that was still
running at the last look, and what was seen of younger ones is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, cast, delete, func, insert, literal, select, text
from sqlalchemy.types import Text

from core.db import Uow
from exchange.sidecar.models import Change
from exchange.sidecar.types import Ref

CHANNEL = "piaohao_gateway_change"
_KEPT = timedelta(hours=1)
_HORIZON = text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")


@dataclass(frozen=True)
class Mark:
    """Up to where changes were seen: all below ``floor``, and those of ``seen`` at or above it."""

    floor: int = 0
    seen: frozenset[int] = frozenset()


def note(uow: Uow, *refs: Ref) -> None:
    """Tell the gateways, when and only when the present unit commits, that these things have changed."""
    sqlite = uow.house.db.sqlite
    xid = literal(0) if sqlite else cast(cast(func.pg_current_xact_id(), Text), BigInteger)
    for ref in refs:
        uow.session.execute(insert(Change).values(xid=xid, kind=ref.kind, ref=ref.id, created_at=uow.now()))
    if not sqlite:
        uow.session.execute(select(func.pg_notify(CHANNEL, "")))


def present(uow: Uow) -> Mark:
    """The mark of what this unit sees: compile in the same unit, then ask for what came since."""
    if uow.house.db.sqlite:
        newest = uow.session.execute(select(func.max(Change.id))).scalar_one()
        return Mark(floor=(newest or 0) + 1)
    return since(uow, Mark(floor=_horizon(uow)))[1]


def since(uow: Uow, mark: Mark) -> tuple[list[Ref], Mark]:
    """Things that changed and were not seen at the mark, each once, and the new mark."""
    sqlite = uow.house.db.sqlite
    column = Change.id if sqlite else Change.xid
    horizon = None if sqlite else _horizon(uow)
    statement = select(Change.id, column, Change.kind, Change.ref).where(column >= mark.floor).order_by(Change.id)
    rows = uow.session.execute(statement).all()
    fresh = dict.fromkeys(Ref(kind, ref) for number, _, kind, ref in rows if number not in mark.seen)
    if horizon is None:
        return list(fresh), Mark(floor=max([mark.floor, *(number + 1 for number, *_ in rows)]))
    return list(fresh), Mark(horizon, frozenset(number for number, xid, *_ in rows if xid >= horizon))


def forget(uow: Uow, mark: Mark) -> int:
    """Delete rows that are old and were seen; answers how many."""
    column = Change.id if uow.house.db.sqlite else Change.xid
    old = delete(Change).where(column < mark.floor, Change.created_at < uow.now() - _KEPT)
    result = uow.session.execute(old)
    return int(getattr(result, "rowcount", 0))


def _horizon(uow: Uow) -> int:
    """Units numbered below this have ended, and their rows are seen by this unit."""
    horizon: int = uow.session.execute(_HORIZON).scalar_one()
    return horizon
