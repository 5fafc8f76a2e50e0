"""Reads of keys: for their organisation's developers, and for the gateways."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, or_, select

from compliance.identity.models import Account
from compliance.keys.errors import KeyNotFound
from compliance.keys.models import ApiKey
from compliance.keys.types import CompiledKey, KeySnapshot
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def keys(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[KeySnapshot]:
    """The keys of the actor's organisation, newest first. Raises PolicyRefused."""
    require(actor, "key:see", Resource("key", actor.organisation_id or "", {"owner": actor.organisation_id}))
    statement = select(ApiKey).where(ApiKey.organisation_id == actor.organisation_id)
    page = newest_first(uow, statement, key=ApiKey.id, purpose="keys", cursor=cursor, limit=limit)
    return convert(page, lambda row: row.snapshot(uow.now()))


def get(uow: Uow, actor: Actor, key_id: str) -> KeySnapshot:
    """One key of the actor's organisation. Raises KeyNotFound, PolicyRefused."""
    row = load(uow, actor, key_id)
    require(actor, "key:see", Resource("key", row.id, {"owner": row.organisation_id}))
    return row.snapshot(uow.now())


def load(uow: Uow, actor: Actor, key_id: str, *, lock: bool = False) -> ApiKey:
    """The row, when it belongs to the actor's organisation. Raises KeyNotFound for anybody else's."""
    row = uow.session.get(ApiKey, key_id, with_for_update=lock)
    if row is None or row.organisation_id != actor.organisation_id:
        raise KeyNotFound()
    return row


def active_count(uow: Uow, organisation_id: str) -> int:
    """How many keys open something now."""
    statement = select(func.count()).where(
        ApiKey.organisation_id == organisation_id,
        ApiKey.revoked_at.is_(None),
        or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > uow.now()),
    )
    return uow.session.execute(statement).scalar_one()


def compiled(uow: Uow, ids: Iterable[str] | None = None) -> list[CompiledKey]:
    """What gateways need to know of these keys, or of all that may still open something.

    Asked by id, a key that has ended is answered too, as "revoked"; one that never was is left out.
    """
    statement = select(ApiKey, Account.disabled_at).join(Account, Account.id == ApiKey.account_id).order_by(ApiKey.id)
    if ids is not None:
        statement = statement.where(ApiKey.id.in_(set(ids)))
    else:
        unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > uow.now())
        statement = statement.where(ApiKey.revoked_at.is_(None), unexpired)
    rows = uow.session.execute(statement)
    return [row.compiled(maker_disabled=disabled_at is not None) for row, disabled_at in rows]
