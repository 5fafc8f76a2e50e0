"""Announcing, and ending what was announced. Both stand in the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.audit.service import record
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from exchange.announcements.errors import AnnouncementEnded, AnnouncementNotFound, AnnouncementTimeInvalid
from exchange.announcements.models import Announcement
from exchange.announcements.types import AnnouncementSnapshot, Weight

LONGEST = timedelta(days=366)


def make(
    uow: Uow, actor: Actor, *, text_zh: str, text_en: str, weight: Weight, shows_from: datetime | None = None,
    shows_until: datetime,
) -> AnnouncementSnapshot:  # fmt: skip
    """Tell everybody, from now or later until a time. Raises PolicyRefused, AnnouncementTimeInvalid."""
    require(actor, "announcement:make", Resource("announcement", "new"))
    begins = shows_from or uow.now()
    if not max(begins, uow.now()) < shows_until <= begins + LONGEST:
        raise AnnouncementTimeInvalid(field="shows_until")
    row = Announcement(
        id=new_id("ann"), text_zh=text_zh, text_en=text_en, weight=weight, shows_from=begins, shows_until=shows_until,
        made_by=actor.account_id, made_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(uow, actor, action="announcement:make", object_id=row.id, data={"zh": text_zh, "en": text_en})
    return row.snapshot(uow.now())


def end(uow: Uow, actor: Actor, announcement_id: str) -> AnnouncementSnapshot:
    """Show it no longer. Raises PolicyRefused, AnnouncementNotFound, AnnouncementEnded."""
    require(actor, "announcement:end", Resource("announcement", announcement_id))
    row = uow.session.get(Announcement, announcement_id, with_for_update=True)
    if row is None:
        raise AnnouncementNotFound()
    if row.ended_at is not None or row.shows_until <= uow.now():
        raise AnnouncementEnded()
    row.ended_at = uow.now()
    uow.session.flush()
    record(uow, actor, action="announcement:end", object_id=row.id)
    return row.snapshot(uow.now())
