"""What developers do with OAuth clients, and what clients do with their tokens. Only hashes of secrets are stored."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from compliance.audit.service import record
from compliance.identity import standing
from compliance.identity.models import Account, Organisation
from compliance.identity.types import QualificationState
from compliance.keys.models import stored_listings
from compliance.oauth import queries, signing
from compliance.oauth.errors import ClientRevoked, TooManyClients
from compliance.oauth.events import ClientChanged, TokenRevoked
from compliance.oauth.models import OAuthClient, RevokedToken
from compliance.oauth.tokens import AccessToken
from compliance.oauth.types import ClientSnapshot, MadeClient
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import is_id, new_id
from core.keyring import hash_token, new_token
from core.rows import insert_missing

MOST_CLIENTS = 50
_MARK = "phs_"
_USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODY = hash_token("a client that does not exist answers like one whose secret is wrong")


@dataclass(frozen=True)
class Credentials:
    """What the token endpoint knows of a client; of one that is not there, nothing that would ever match."""

    client_id: str
    organisation_id: str = ""
    hashes: tuple[str, ...] = (_NOBODY,)
    active: bool = False
    suspended: bool = False
    last_used_at: datetime | None = None

    def opened_by(self, secret: str) -> bool:
        """Whether the secret is right; takes as long for a wrong one and for a client that is not there."""
        given = hash_token(secret)
        matches = [hmac.compare_digest(given, each) for each in self.hashes]
        return any(matches) and self.active


def register(
    uow: Uow, actor: Actor, *, name: str, mode: str, listing_ids: tuple[str, ...] | None = None
) -> MadeClient:  # fmt: skip
    """A client of the actor's organisation; its secret is shown by this answer and never again.

    Raises PolicyRefused, and TooManyClients at fifty that are not revoked.
    """
    decision = _permit(uow, actor, "client:create")
    organisation_id = actor.organisation_id or ""
    alive = select(func.count()).where(OAuthClient.organisation_id == organisation_id, OAuthClient.revoked_at.is_(None))
    if uow.session.execute(alive).scalar_one() >= MOST_CLIENTS:
        raise TooManyClients(f"At most {MOST_CLIENTS} at a time.", hint="Revoke one that is not used.")
    signing.ensure(uow)
    secret = _new_secret()
    row = OAuthClient(
        id=new_id("cli"), organisation_id=organisation_id, account_id=actor.account_id or "", name=name, mode=mode,
        listing_ids=stored_listings(listing_ids), secret_hash=hash_token(secret), created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    _record(uow, actor, "client:create", row, decision, {"mode": mode, "listings": row.listing_ids or "all"})
    return MadeClient(secret, row.snapshot(uow.now()))


def rotate_secret(uow: Uow, actor: Actor, client_id: str, *, overlap_hours: int) -> MadeClient:
    """A new secret, shown once; the one before it opens for so many hours more. Of three, the oldest ends at once.

    Raises ClientNotFound, PolicyRefused, ClientRevoked.
    """
    row = queries.load(uow, actor, client_id, lock=True)
    decision = _permit(uow, actor, "client:rotate", row)
    if row.revoked_at is not None:
        raise ClientRevoked("Register another one.")
    secret = _new_secret()
    row.previous_hash, row.previous_until = row.secret_hash, uow.now() + timedelta(hours=overlap_hours)
    row.secret_hash = hash_token(secret)
    data = {"previous_until": row.previous_until.isoformat()}
    _record(uow, actor, "client:rotate", row, decision, data)
    return MadeClient(secret, row.snapshot(uow.now()))


def revoke(uow: Uow, actor: Actor, client_id: str) -> ClientSnapshot:
    """The client takes no token any more, and those it has stop; again, it changes nothing.

    Raises ClientNotFound, PolicyRefused.
    """
    row = queries.load(uow, actor, client_id, lock=True)
    decision = _permit(uow, actor, "client:revoke", row)
    if row.revoked_at is None:
        row.revoked_at = uow.now()
        row.previous_hash = row.previous_until = None
        _record(uow, actor, "client:revoke", row, decision, {})
    return row.snapshot(uow.now())


def credentials(uow: Uow, client_id: str) -> Credentials:
    """What a client must show for a token."""
    if not is_id("cli", client_id):
        return Credentials(client_id)
    statement = (
        select(OAuthClient, Account.disabled_at, Organisation.state)
        .join(Account, Account.id == OAuthClient.account_id)
        .join(Organisation, Organisation.id == OAuthClient.organisation_id)
        .where(OAuthClient.id == client_id)
    )
    found = uow.session.execute(statement).one_or_none()
    if found is None:
        return Credentials(client_id)
    row, disabled_at, state = found
    return Credentials(
        row.id, row.organisation_id, row.hashes_at(uow.now()), row.revoked_at is None and disabled_at is None,
        state == QualificationState.SUSPENDED, row.last_used_at,
    )  # fmt: skip


def note_token_taken(house: House, client: Credentials) -> None:
    """Remember that the client was used, at most once a minute."""
    now = house.clock.now()
    if client.last_used_at is None or now - client.last_used_at >= _USE_NOTED_EVERY:
        house.db.write(lambda uow: note_uses(uow, {client.client_id: now}))


def note_uses(uow: Uow, uses: Mapping[str, datetime]) -> None:
    """Remember when clients were last used, by their ids; what is no client's id, or an older time, changes nothing."""
    for client_id, at in sorted(uses.items()):
        older = or_(OAuthClient.last_used_at.is_(None), OAuthClient.last_used_at < at)
        uow.session.execute(update(OAuthClient).where(OAuthClient.id == client_id, older).values(last_used_at=at))


def revoke_token(uow: Uow, token: AccessToken) -> None:
    """The token must not be taken any more; again, it changes nothing."""
    row = {"jti": token.jti, "client_id": token.client_id, "expires_at": token.expires_at, "revoked_at": uow.now()}
    if insert_missing(uow, RevokedToken, [row]):
        program = Actor(organisation_id=token.organisation_id, pseudonym=token.client_id)
        record(
            uow, program, action="token:revoke", object_id=token.client_id, data={"jti": token.jti},
            concerns=[token.organisation_id],
        )  # fmt: skip
        uow.emit(TokenRevoked(jti=token.jti, expires_at=int(token.expires_at.timestamp())))


def account_stopped(uow: Uow, account_id: str) -> None:
    """Tell the gateways of every client that the account registered: its state follows the account's."""
    statement = select(OAuthClient.id).where(OAuthClient.account_id == account_id)
    for client_id in uow.session.execute(statement).scalars():
        uow.emit(ClientChanged(client_id=client_id))


def tick(house: House) -> bool:
    """What time decides: signing keys come and go, revoked tokens that have expired are forgotten."""
    return house.db.write(_tidy)


def _tidy(uow: Uow) -> bool:
    expired = delete(RevokedToken).where(RevokedToken.expires_at <= uow.now()).returning(RevokedToken.jti)
    forgotten = uow.session.execute(expired).all()
    return signing.tidy(uow) or bool(forgotten)


def _permit(uow: Uow, actor: Actor, action: str, row: OAuthClient | None = None) -> Decision:
    """Ask policy; the organisation is held until the unit ends, so that its clients can be counted."""
    organisation_id = actor.organisation_id
    state = standing.state_held(uow, organisation_id) if organisation_id else None
    facts = {"owner": organisation_id, "organisation_state": state}
    return require(actor, action, Resource("client", row.id if row else organisation_id or "", facts))


def _new_secret() -> str:
    return _MARK + new_token()


def _record(uow: Uow, actor: Actor, action: str, row: OAuthClient, decision: Decision, data: dict[str, str]) -> None:
    uow.session.flush()
    record(
        uow, actor, action=action, object_id=row.id, decision=decision, data=data, concerns=[row.organisation_id]
    )  # fmt: skip
    uow.emit(ClientChanged(client_id=row.id))
