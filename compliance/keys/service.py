"""What developers do with their organisation's keys: make, rotate, revoke. Only a key's hash is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import or_, select, update

from compliance.audit.service import record
from compliance.identity import members, standing
from compliance.keys import queries
from compliance.keys.errors import KeyEnded, KeyHasSuccessor, TooManyKeys
from compliance.keys.events import KeyChanged
from compliance.keys.models import ApiKey, stored_listings
from compliance.keys.rules import (
    MOST_KEYS,
    check_expiry,
    end_of_overlap,
    key_text,
    new_prefix,
    shown_prefix,
    successor_expiry,
)
from compliance.keys.types import CredentialState, KeySnapshot, MadeKey
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.keyring import hash_token
from core.problems import Sentence


def create(
    uow: Uow,
    actor: Actor,
    *,
    name: str,
    mode: str,
    listing_ids: tuple[str, ...] | None = None,
    expires_at: datetime | None = None,
    service_account_id: str | None = None,
) -> MadeKey:
    """A fresh key of the actor's organisation, shown by this answer and never again.

    Of a service account when one is named: then it stops with that, not with who made it.
    Raises PolicyRefused, ExpiryInvalid, AccountNotFound, and TooManyKeys at fifty that are in force.
    """
    decision, organisation_id = _permit(uow, actor, "key:create")
    account_id = actor.account_id or ""
    if service_account_id is not None:
        account_id = members.service_account(uow, organisation_id, service_account_id)
    check_expiry(expires_at, uow.now())
    if queries.active_count(uow, organisation_id) >= MOST_KEYS:
        raise TooManyKeys(
            Sentence("At most %(most)s are in force at a time.", most=MOST_KEYS), hint="Revoke one that is not used."
        )
    made, row = _new(uow, account_id, organisation_id, name, mode, stored_listings(listing_ids), expires_at)
    _record(uow, actor, "key:create", row, decision, _described(row))
    return made


def rotate(
    uow: Uow, actor: Actor, key_id: str, *, overlap_hours: int, expires_at: datetime | None = None
) -> MadeKey:  # fmt: skip
    """A successor for the same mode and listings, shown once; the old key ends after the overlap, never later.

    Without ``expires_at`` the successor lives as long as its predecessor was meant to.
    Raises KeyNotFound, PolicyRefused, KeyEnded, KeyHasSuccessor, ExpiryInvalid, TooManyKeys.
    """
    old = queries.load(uow, actor, key_id, lock=True)
    decision, _ = _permit(uow, actor, "key:rotate", old)
    now = uow.now()
    if old.state_at(now) != CredentialState.ACTIVE:
        raise KeyEnded(
            Sentence("It is %(state)s.", state=old.state_at(now)), state=old.state_at(now), hint="Make a new one."
        )
    if old.successor_id is not None:
        raise KeyHasSuccessor("Rotate its successor instead.", successor_id=old.successor_id)
    check_expiry(expires_at, now)
    if queries.active_count(uow, old.organisation_id) >= 2 * MOST_KEYS:
        raise TooManyKeys("Too many rotated keys still live on.", hint="Revoke those that are not used.")
    lives_until = expires_at or successor_expiry(old.created_at, old.expires_at, now)
    maker = old.account_id if members.is_service_account(uow, old.account_id) else actor.account_id or ""
    made, row = _new(uow, maker, old.organisation_id, old.name, old.mode, old.listing_ids, lives_until)
    old.successor_id, old.expires_at = row.id, end_of_overlap(old.expires_at, now, overlap_hours)
    data = {"successor": row.id, "ends_at": old.expires_at.isoformat()}
    _record(uow, actor, "key:rotate", old, decision, data)
    _record(uow, actor, "key:create", row, decision, _described(row) | {"predecessor": old.id})
    return made


def revoke(uow: Uow, actor: Actor, key_id: str) -> KeySnapshot:
    """The key opens nothing any more, from now on and for good; again, it changes nothing.

    Raises KeyNotFound, PolicyRefused.
    """
    row = queries.load(uow, actor, key_id, lock=True)
    decision, _ = _permit(uow, actor, "key:revoke", row)
    if row.revoked_at is None:
        row.revoked_at = uow.now()
        _record(uow, actor, "key:revoke", row, decision, {"prefix": shown_prefix(row.mode, row.prefix)})
    return row.snapshot(uow.now())


def note_uses(uow: Uow, uses: Mapping[str, datetime]) -> None:
    """Remember when keys were last used, by their ids; what is not a key's id, or an older time, changes nothing."""
    for key_id, at in sorted(uses.items()):
        older = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < at)
        uow.session.execute(update(ApiKey).where(ApiKey.id == key_id, older).values(last_used_at=at))


def account_stopped(uow: Uow, account_id: str) -> None:
    """Tell the gateways of every key that the account made: its state follows the account's."""
    for key_id in uow.session.execute(select(ApiKey.id).where(ApiKey.account_id == account_id)).scalars():
        uow.emit(KeyChanged(key_id=key_id))


def _permit(uow: Uow, actor: Actor, action: str, row: ApiKey | None = None) -> tuple[Decision, str]:
    """Ask policy; the organisation is held until the unit ends, so that its keys can be counted."""
    organisation_id = actor.organisation_id or ""
    state = standing.state_held(uow, organisation_id) if organisation_id else None
    facts = {"owner": actor.organisation_id, "organisation_state": state}
    decision = require(actor, action, Resource("key", row.id if row else organisation_id, facts))
    return decision, organisation_id


def _new(
    uow: Uow, account_id: str, organisation_id: str, name: str, mode: str, listing_ids: str, expires_at: datetime | None
) -> tuple[MadeKey, ApiKey]:
    prefix = new_prefix()
    text = key_text(mode, prefix)
    row = ApiKey(
        id=new_id("key"), organisation_id=organisation_id, account_id=account_id, name=name, mode=mode,
        prefix=prefix, sha256=hash_token(text), listing_ids=listing_ids, created_at=uow.now(), expires_at=expires_at,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    return MadeKey(text, row.snapshot(uow.now())), row


def _described(row: ApiKey) -> dict[str, str]:
    return {
        "prefix": shown_prefix(row.mode, row.prefix),
        "mode": row.mode,
        "listings": row.listing_ids or "all",
        "expires_at": row.expires_at.isoformat() if row.expires_at else "never",
    }


def _record(uow: Uow, actor: Actor, action: str, row: ApiKey, decision: Decision, data: dict[str, str]) -> None:
    uow.session.flush()
    record(
        uow, actor, action=action, object_id=row.id, decision=decision, data=data, concerns=[row.organisation_id]
    )  # fmt: skip
    uow.emit(KeyChanged(key_id=row.id))
