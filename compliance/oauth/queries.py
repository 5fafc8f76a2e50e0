"""Reads of OAuth: for the organisation's developers, and for the gateways."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from compliance.identity.models import Account
from compliance.oauth.errors import ClientNotFound
from compliance.oauth.models import OAuthClient, RevokedToken, SigningKey
from compliance.oauth.types import ClientSnapshot, CompiledClient
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def clients(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[ClientSnapshot]:
    """The clients of the actor's organisation, newest first. Raises PolicyRefused."""
    require(actor, "client:see", Resource("client", actor.organisation_id or "", {"owner": actor.organisation_id}))
    statement = select(OAuthClient).where(OAuthClient.organisation_id == actor.organisation_id)
    page = newest_first(uow, statement, key=OAuthClient.id, purpose="clients", cursor=cursor, limit=limit)
    return convert(page, lambda row: row.snapshot(uow.now()))


def get(uow: Uow, actor: Actor, client_id: str) -> ClientSnapshot:
    """One client of the actor's organisation. Raises ClientNotFound, PolicyRefused."""
    row = load(uow, actor, client_id)
    require(actor, "client:see", Resource("client", row.id, {"owner": row.organisation_id}))
    return row.snapshot(uow.now())


def load(uow: Uow, actor: Actor, client_id: str, *, lock: bool = False) -> OAuthClient:
    """The row, when it belongs to the actor's organisation. Raises ClientNotFound for anybody else's."""
    row = uow.session.get(OAuthClient, client_id, with_for_update=lock)
    if row is None or row.organisation_id != actor.organisation_id:
        raise ClientNotFound()
    return row


def compiled_clients(uow: Uow, ids: Iterable[str] | None = None) -> list[CompiledClient]:
    """What gateways need to know of these clients, or of all that are not revoked.

    Asked by id, a revoked one is answered too; one that never was is left out.
    """
    statement = select(OAuthClient, Account.disabled_at).join(Account, Account.id == OAuthClient.account_id)
    if ids is not None:
        statement = statement.where(OAuthClient.id.in_(set(ids)))
    else:
        statement = statement.where(OAuthClient.revoked_at.is_(None))
    rows = uow.session.execute(statement.order_by(OAuthClient.id))
    return [row.compiled(maker_disabled=disabled_at is not None) for row, disabled_at in rows]


def public_keys(uow: Uow) -> list[dict[str, Any]]:
    """The public keys that tokens may be signed with, as JWKs: the next, the present, and those before it whose
    tokens may not have expired."""
    statement = select(SigningKey).where(or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > uow.now()))
    return [_jwk(row) for row in uow.session.execute(statement.order_by(SigningKey.signs_from.desc())).scalars()]


def _jwk(row: SigningKey) -> dict[str, Any]:
    x = base64.urlsafe_b64encode(row.public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": row.id, "use": "sig", "alg": "EdDSA"}


def revoked(uow: Uow) -> list[tuple[str, datetime]]:
    """The ids of tokens that were given back and have not expired, with the time of their expiry."""
    statement = select(RevokedToken.jti, RevokedToken.expires_at).where(RevokedToken.expires_at > uow.now())
    return [(jti, expires_at) for jti, expires_at in uow.session.execute(statement.order_by(RevokedToken.jti))]
