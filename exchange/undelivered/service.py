"""Looking at dead letters, trying them anew, giving them up with a reason. Each stands in the audit log."""

from __future__ import annotations

from compliance.audit.service import record
from compliance.policy import Resource, require
from core import outbox
from core.actor import Actor
from core.db import Uow
from core.outbox import DeadLetter
from core.paging import Page, decode_cursor, encode_cursor
from exchange.undelivered.errors import UndeliveredNotFound

_PURPOSE = "undelivered"


def listed(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[DeadLetter]:
    """The oldest first. Raises PolicyRefused."""
    require(actor, "undelivered:see", Resource("undelivered", "all"))
    after = decode_cursor(uow.house.keyring, _PURPOSE, cursor)[0] if cursor else 0
    found = outbox.dead(uow, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    return Page(shown, encode_cursor(uow.house.keyring, _PURPOSE, [shown[-1].id]) if more else None)


def retry(uow: Uow, actor: Actor, number: int) -> DeadLetter:
    """Let it be tried as often as a new one, from now on. Raises PolicyRefused, UndeliveredNotFound."""
    require(actor, "undelivered:retry", Resource("undelivered", str(number)))
    return _done(uow, actor, "retry", outbox.retry_dead(uow, number))


def drop(uow: Uow, actor: Actor, number: int, *, reason: str) -> DeadLetter:
    """Give it up, for a reason: its subscriber is never told. Raises PolicyRefused, UndeliveredNotFound."""
    require(actor, "undelivered:drop", Resource("undelivered", str(number)))
    return _done(uow, actor, "drop", outbox.drop_dead(uow, number), reason=reason)


def _done(uow: Uow, actor: Actor, deed: str, letter: DeadLetter | None, **more: str) -> DeadLetter:
    if letter is None:
        raise UndeliveredNotFound()
    told = {"subscriber": letter.subscriber, "error": letter.last_error[:500], **more}
    record(uow, actor, action=f"undelivered:{deed}", object_id=f"outbox:{letter.id}", data=told)
    return letter
