"""Reads of announcements."""

from __future__ import annotations

from sqlalchemy import select

from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from exchange.announcements.models import Announcement
from exchange.announcements.types import AnnouncementSnapshot

_MOST_SHOWN = 5


def shown(uow: Uow) -> list[AnnouncementSnapshot]:
    """What everybody is told now, the newest first, five at most."""
    now = uow.now()
    chosen = select(Announcement).where(
        Announcement.shows_until > now, Announcement.shows_from <= now, Announcement.ended_at.is_(None)
    )
    rows = uow.session.execute(chosen.order_by(Announcement.id.desc()).limit(_MOST_SHOWN)).scalars()
    return [row.snapshot(now) for row in rows]


def all_made(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[AnnouncementSnapshot]:
    """Past, present and planned, the newest first. Raises PolicyRefused."""
    require(actor, "announcement:see", Resource("announcement", "all"))
    page = newest_first(
        uow, select(Announcement), key=Announcement.id, purpose="announcements", cursor=cursor, limit=limit
    )
    return convert(page, lambda row: row.snapshot(uow.now()))
