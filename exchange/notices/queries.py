"""Reads of notices: those told to a role that the actor holds, and of them what the account has not read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select

from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from exchange.notices.duties import tasks
from exchange.notices.models import NoticeAudience, NoticePreference, NoticeRead, NoticeRow
from exchange.notices.types import Notice, Preferences

__all__ = ["SHOWN", "address_of", "exists_for", "notices", "preferences", "tasks", "told_since", "unread", "unread_ids"]

SHOWN = timedelta(days=90)
"""So long a notice is kept."""
_MOST_AT_ONCE = 1000


def notices(
    uow: Uow, actor: Actor, *, unread_only: bool = False, cursor: str | None = None, limit: int = 25
) -> Page[Notice]:
    """What the actor was told, newest first."""
    chosen = select(NoticeRow).where(_told_to(_pairs(actor)))
    if unread_only:
        chosen = chosen.where(~_read_by(actor.account_id))
    page = newest_first(
        uow, chosen, key=NoticeRow.id, purpose=f"notices:{actor.account_id}", cursor=cursor, limit=limit
    )
    known = _known(uow, actor, [row.id for row in page.items])
    return convert(page, lambda row: row.snapshot(read=row.id in known))


def unread(uow: Uow, actor: Actor) -> int:
    """How many the account has not read."""
    if not actor.signed_in:
        return 0
    chosen = select(func.count()).select_from(NoticeRow).where(_told_to(_pairs(actor)), ~_read_by(actor.account_id))
    return uow.session.execute(chosen).scalar_one()


def unread_ids(uow: Uow, actor: Actor) -> list[str]:
    """Those the account has not read, the newest of them."""
    chosen = select(NoticeRow.id).where(_told_to(_pairs(actor)), ~_read_by(actor.account_id))
    return list(uow.session.execute(chosen.order_by(NoticeRow.id.desc()).limit(_MOST_AT_ONCE)).scalars())


def exists_for(uow: Uow, actor: Actor, notice_id: str) -> bool:
    """Whether the actor was told of it."""
    chosen = select(NoticeRow.id).where(NoticeRow.id == notice_id, _told_to(_pairs(actor)))
    return uow.session.execute(chosen).first() is not None


def address_of(uow: Uow, notice_id: str) -> str:
    """The page where one sees what a notice tells of. Asks no policy: for pages that asked."""
    return uow.session.get_one(NoticeRow, notice_id).address


def told_since(
    uow: Uow, account_id: str, pairs: Sequence[tuple[str, str]], since: datetime, *, but: Sequence[str] = ()
) -> list[Notice]:  # fmt: skip
    """All that the holder of these roles was told after ``since`` and has not read, without the topics that are muted,
    oldest first. For letters.
    """
    chosen = select(NoticeRow).where(
        _told_to(tuple(pairs)), NoticeRow.created_at > since, ~_read_by(account_id), NoticeRow.topic.not_in(but)
    )
    rows = uow.session.execute(chosen.order_by(NoticeRow.id)).scalars()
    return [row.snapshot(read=False) for row in rows]


def preferences(uow: Uow, account_id: str) -> Preferences:
    """How an account wants to be told."""
    row = uow.session.get(NoticePreference, account_id)
    if row is None:
        return Preferences("daily", ())
    return Preferences(row.digest, tuple(json.loads(row.muted)), row.digested_at)


def _pairs(actor: Actor) -> tuple[tuple[str, str], ...]:
    own = [(actor.organisation_id, role) for role in sorted(actor.roles)] if actor.organisation_id else []
    return (*own, *(("", role) for role in sorted(actor.platform_roles)))


@lru_cache(maxsize=512)
def _told_to(pairs: tuple[tuple[str, str], ...]) -> ColumnElement[bool]:
    """One of them is among those who are told. Kept, as building it costs more than asking the database with it."""
    held = [and_(NoticeAudience.organisation_id == own, NoticeAudience.role == role) for own, role in pairs]
    return exists().where(NoticeAudience.notice_id == NoticeRow.id, or_(*held) if held else false())


def _read_by(account_id: str | None) -> ColumnElement[bool]:
    return exists().where(NoticeRead.notice_id == NoticeRow.id, NoticeRead.account_id == account_id)


def _known(uow: Uow, actor: Actor, ids: Sequence[str]) -> set[str]:
    chosen = select(NoticeRead.notice_id).where(
        NoticeRead.notice_id.in_(ids), NoticeRead.account_id == actor.account_id
    )
    return set(uow.session.execute(chosen).scalars())
