"""What stands still, for officers, each with its chain of audit entries."""

from __future__ import annotations

from sqlalchemy import select

from compliance.audit import queries as audit
from compliance.freezes.errors import FreezeNotFound
from compliance.freezes.models import Freeze
from compliance.freezes.types import Chain, FreezeSnapshot, Link
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

_MOST_LINKS = 50


def freezes(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, standing_only: bool = True
) -> Page[FreezeSnapshot]:
    """What stands, or all that ever stood; the newest first. Raises PolicyRefused."""
    require(actor, "freeze:see", Resource("freeze", "all"))
    statement = select(Freeze)
    if standing_only:
        statement = statement.where(Freeze.released_at.is_(None))
    page = newest_first(uow, statement, key=Freeze.id, purpose="freezes", cursor=cursor, limit=limit)
    return convert(page, lambda row: row.snapshot())


def chain(uow: Uow, actor: Actor, freeze_id: str) -> Chain:
    """One freeze with the history of what it stops. Raises PolicyRefused, FreezeNotFound."""
    require(actor, "freeze:see", Resource("freeze", freeze_id))
    row = uow.session.get(Freeze, freeze_id)
    if row is None:
        raise FreezeNotFound()
    return Chain(row.snapshot(), links(uow, actor, row.object_id))


def links(uow: Uow, actor: Actor, object_id: str) -> tuple[Link, ...]:
    """The newest entries of the log about a thing."""
    found = audit.entries(uow, actor, object_id=object_id, limit=_MOST_LINKS).items
    return tuple(_link(entry) for entry in found)


def _link(entry: audit.EntrySnapshot) -> Link:
    return Link(entry.number, entry.at, entry.action, str(entry.fields.get("actor", "")), entry.leaf_hash)


def standing(uow: Uow, object_id: str) -> FreezeSnapshot | None:
    """The freeze on a thing that nobody has undone. Asks no policy: for services."""
    statement = select(Freeze).where(Freeze.object_id == object_id, Freeze.released_at.is_(None))
    row = uow.session.execute(statement).scalar_one_or_none()
    return row.snapshot() if row else None
