"""What must be kept, and the holds that stand."""

from __future__ import annotations

from sqlalchemy import select

from compliance.policy import Resource, require
from compliance.retention.errors import HoldNotFound
from compliance.retention.models import LegalHold, Retention
from compliance.retention.types import HoldSnapshot, Keeping
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

LEGAL_HOLD = "legal hold"


def must_keep(uow: Uow, object_id: str) -> Keeping | None:
    """Why a thing may not be erased now: a legal hold before any term, else the term that runs longest. Or None."""
    if standing(uow, object_id) is not None:
        return Keeping(object_id, LEGAL_HOLD, None)
    running = select(Retention).where(Retention.object_id == object_id, Retention.until > uow.now())
    longest = uow.session.execute(running.order_by(Retention.until.desc()).limit(1)).scalar_one_or_none()
    return longest.keeping() if longest else None


def standing(uow: Uow, object_id: str) -> LegalHold | None:
    """The hold on a thing that nobody has let go."""
    statement = select(LegalHold).where(LegalHold.object_id == object_id, LegalHold.released_at.is_(None))
    return uow.session.execute(statement).scalar_one_or_none()


def load(uow: Uow, hold_id: str) -> LegalHold:
    """The row, held until the unit ends. Raises HoldNotFound."""
    row = uow.session.get(LegalHold, hold_id, with_for_update=uow.writes)
    if row is None:
        raise HoldNotFound()
    return row


def keepings(uow: Uow, object_id: str) -> list[Keeping]:
    """Every term of a thing, those that ran out among them, the longest first."""
    statement = select(Retention).where(Retention.object_id == object_id).order_by(Retention.until.desc())
    return [row.keeping() for row in uow.session.execute(statement).scalars()]


def holds(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, standing_only: bool = False
) -> Page[HoldSnapshot]:
    """Legal holds, newest first. Raises PolicyRefused."""
    require(actor, "hold:see", Resource("hold", "all"))
    statement = select(LegalHold)
    if standing_only:
        statement = statement.where(LegalHold.released_at.is_(None))
    page = newest_first(uow, statement, key=LegalHold.id, purpose="holds", cursor=cursor, limit=limit)
    return convert(page, lambda row: row.snapshot())
