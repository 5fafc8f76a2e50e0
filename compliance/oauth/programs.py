"""Programs at the exchange's own API: whom an API key or an access token stands for, on the routes that take one."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta

from sqlalchemy import select

from compliance.identity.models import Account, Organisation
from compliance.identity.types import QualificationState, Role
from compliance.keys import service as keys
from compliance.keys.models import ApiKey, only_for
from compliance.keys.rules import KEY_PATTERN
from compliance.keys.types import CredentialState
from compliance.oauth import queries
from compliance.oauth.errors import (
    CredentialExpired,
    CredentialRevoked,
    CredentialUnknown,
    OrganisationSuspended,
    TokenInvalid,
)
from compliance.oauth.models import OAuthClient, RevokedToken
from compliance.policy import relations, versions
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.keyring import hash_token

_USE_NOTED_EVERY = timedelta(minutes=1)


def authenticate(house: House, text: str) -> Actor:
    """The program whose credential that is, with a developer's role and bound to the credential's listings.

    Raises CredentialUnknown, TokenInvalid, CredentialRevoked, CredentialExpired, OrganisationSuspended: the refusals of
    a gateway.
    """
    if "." in text:
        return house.db.read(lambda uow: _of_token(uow, text))
    actor, used_at = house.db.read(lambda uow: _of_key(uow, text))
    now = house.clock.now()
    if used_at is None or now - used_at >= _USE_NOTED_EVERY:
        house.db.write(lambda uow: keys.note_uses(uow, {actor.pseudonym: now}))
    return actor


def _of_key(uow: Uow, text: str) -> tuple[Actor, datetime | None]:
    spelled = KEY_PATTERN.match(text)
    statement = (
        select(ApiKey, Account, Organisation)
        .join(Account, Account.id == ApiKey.account_id)
        .join(Organisation, Organisation.id == ApiKey.organisation_id)
        .where(ApiKey.prefix == (spelled[2] if spelled else ""))
    )
    found = uow.session.execute(statement).one_or_none()
    if found is None or not hmac.compare_digest(found[0].sha256, hash_token(text)):
        raise CredentialUnknown()
    key, account, organisation = found
    state = key.state_at(uow.now())
    if state == CredentialState.REVOKED or account.disabled_at is not None:
        raise CredentialRevoked()
    if state == CredentialState.EXPIRED:
        raise CredentialExpired()
    return _actor(uow, key, account, organisation), key.last_used_at


def _of_token(uow: Uow, text: str) -> Actor:
    from compliance.oauth import tokens  # only who reads a token loads the library for it

    issuer = uow.house.settings.web_address
    token = tokens.read(text, queries.public_keys(uow), issuer=issuer, now=uow.now())
    if token is None:
        raise TokenInvalid()
    statement = (
        select(OAuthClient, Account, Organisation)
        .join(Account, Account.id == OAuthClient.account_id)
        .join(Organisation, Organisation.id == OAuthClient.organisation_id)
        .where(OAuthClient.id == token.client_id, OAuthClient.organisation_id == token.organisation_id)
    )
    found = uow.session.execute(statement).one_or_none()
    if found is None:
        raise TokenInvalid()
    client, account, organisation = found
    given_back = uow.session.get(RevokedToken, token.jti) is not None
    if given_back or client.revoked_at is not None or account.disabled_at is not None:
        raise CredentialRevoked()
    return _actor(uow, client, account, organisation)


def _actor(uow: Uow, credential: ApiKey | OAuthClient, account: Account, organisation: Organisation) -> Actor:
    if organisation.state in (QualificationState.SUSPENDED, QualificationState.CLOSED):
        raise OrganisationSuspended()
    versions.refresh(uow)
    known = relations.of(uow, organisation.id)
    listings = only_for(credential.listing_ids)
    return Actor(
        account_id=account.id, organisation_id=organisation.id, roles=frozenset({str(Role.DEVELOPER)}),
        qualification=organisation.level_at(uow.now()), country=organisation.country, invited=known.invited,
        agreed=known.nda, pseudonym=credential.id, language=account.language,
        only_for=None if listings is None else frozenset(listings),
    )  # fmt: skip
