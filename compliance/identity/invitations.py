"""Invitations by mail: who holds the link becomes a member, with a name and a password of the own choosing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import select

from compliance.audit.service import record
from compliance.identity import letters, queries, standing, throttle
from compliance.identity.errors import EmailTaken, InvitationNotFound
from compliance.identity.members import given_roles, owned
from compliance.identity.models import Invitation, Membership
from compliance.identity.rules import normal_email
from compliance.identity.service import Person, create_account
from compliance.identity.types import InvitationSnapshot, QualificationState
from compliance.subjects import service as subjects
from core import mail
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.keyring import hash_token, new_token

_OPEN_FOR = timedelta(days=14)
_LETTERS_TO_ONE, _LETTERS_OF_ONE = 5, 50


def invite(uow: Uow, actor: Actor, *, email: str, roles: Sequence[str]) -> InvitationSnapshot:
    """An owner asks somebody to join; the letter holds the link. Another one to the same address takes its place.

    Raises Forbidden, EmailInvalid, EmailTaken, OwnerIsTransferred, and TooManyAttempts when one address, or whom one
    organisation writes to, is too much.
    """
    organisation_id, address = owned(actor), normal_email(email)
    chosen = given_roles(roles)
    if queries.account_by_address(uow, address) is not None:
        raise EmailTaken("One address has one account.", field="email")
    mark, token = queries.address_mark(uow.house.keyring, address), new_token()
    _throttle(uow, {f"invite:{mark[:40]}": _LETTERS_TO_ONE, f"inviting:{organisation_id}": _LETTERS_OF_ONE})
    for earlier in _open(uow, organisation_id):
        if earlier.address_mark == mark:
            _end(uow, earlier)
    row = Invitation(
        id=new_id("inv"), organisation_id=organisation_id, subject_id=subjects.create(uow, email=address),
        address_mark=mark, roles=",".join(chosen), token_hash=hash_token(token), created_at=uow.now(),
        expires_at=uow.now() + _OPEN_FOR,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    name = queries.organisation(uow, organisation_id).name
    mail.send(uow, address, *letters.invitation(actor.language, name, f"{_address(uow)}/invitation?token={token}"))
    _record(uow, actor, "organisation:invite", row)
    return _snapshot(row, address)


def _throttle(uow: Uow, keys: Mapping[str, int]) -> None:
    """Whoever registers can write to anybody: not without end."""
    throttle.check(uow, keys)
    for key, allowed in keys.items():
        throttle.count_failure(uow, key, allowed=allowed)


def pending(uow: Uow, actor: Actor) -> list[InvitationSnapshot]:
    """The invitations of the owner's organisation that wait. Raises Forbidden."""
    rows = _open(uow, owned(actor))
    known = subjects.people(uow, [row.subject_id for row in rows])
    return [_snapshot(row, known.get(row.subject_id, {}).get("email", "")) for row in rows]


def take_back(uow: Uow, actor: Actor, invitation_id: str) -> None:
    """The link opens nothing any more, and the address is forgotten. Raises Forbidden, InvitationNotFound."""
    row = uow.session.get(Invitation, invitation_id, with_for_update=True)
    if row is None or row.organisation_id != owned(actor) or row.ended_at is not None:
        raise InvitationNotFound()
    _end(uow, row)
    _record(uow, actor, "organisation:take_invitation_back", row)


def of_token(uow: Uow, token: str) -> InvitationSnapshot:
    """What a link invites to. Raises InvitationNotFound for whatever is no open invitation's."""
    row = _by_token(uow, token)
    return _snapshot(row, subjects.value(uow, row.subject_id, "email") or "")


def accept(uow: Uow, *, token: str, name: str, password_hash: str, language: str) -> str:
    """A new member with the roles that were offered; answers the account's id.

    Raises InvitationNotFound, EmailTaken.
    """
    row = _by_token(uow, token)
    if standing.state_held(uow, row.organisation_id) == QualificationState.CLOSED:
        raise InvitationNotFound()
    email = subjects.value(uow, row.subject_id, "email") or ""
    person = Person(name, email, password_hash, language)
    joined = join(uow, row.organisation_id, person, row.roles.split(","), row.subject_id)
    row.ended_at = uow.now()
    _record(uow, joined, "organisation:accept_invitation", row)
    return joined.account_id or ""


def join(
    uow: Uow, organisation_id: str, person: Person, roles: Sequence[str], subject_id: str | None = None
) -> Actor:  # fmt: skip
    """The new member itself: nobody else brings a person in, or knows the password. Whoever calls has seen the link.

    Raises OwnerIsTransferred, EmailTaken, EmailInvalid.
    """
    account = create_account(uow, person, subject_id)
    for role in given_roles(roles):
        uow.session.add(Membership(account_id=account.id, organisation_id=organisation_id, role=role))
    uow.session.flush()
    return Actor(account_id=account.id, organisation_id=organisation_id, pseudonym=account.pseudonym)


def end_all(uow: Uow, organisation_id: str) -> None:
    """No link of an organisation opens anything any more."""
    for row in _open(uow, organisation_id):
        _end(uow, row)


def forget_expired(uow: Uow) -> int:
    """Nobody needs an address any more to which an invitation was not accepted in time; answers how many."""
    expired = select(Invitation).where(Invitation.ended_at.is_(None), Invitation.expires_at <= uow.now())
    rows = uow.session.execute(expired.with_for_update()).scalars().all()
    for row in rows:
        _end(uow, row)
    return len(rows)


def _open(uow: Uow, organisation_id: str) -> Sequence[Invitation]:
    waiting = (
        Invitation.organisation_id == organisation_id,
        Invitation.ended_at.is_(None),
        Invitation.expires_at > uow.now(),
    )
    return uow.session.execute(select(Invitation).where(*waiting).order_by(Invitation.id)).scalars().all()


def _by_token(uow: Uow, token: str) -> Invitation:
    chosen = select(Invitation).where(Invitation.token_hash == hash_token(token))
    row = uow.session.execute(chosen.with_for_update() if uow.writes else chosen).scalar_one_or_none()
    if row is None or row.ended_at is not None or row.expires_at <= uow.now():
        raise InvitationNotFound()
    return row


def _end(uow: Uow, row: Invitation) -> None:
    row.ended_at = uow.now()
    subjects.forget(uow, row.subject_id)


def _snapshot(row: Invitation, email: str) -> InvitationSnapshot:
    return InvitationSnapshot(
        row.id, row.organisation_id, email, tuple(row.roles.split(",")), row.created_at, row.expires_at
    )  # fmt: skip


def _address(uow: Uow) -> str:
    return uow.house.settings.web_address


def _record(uow: Uow, actor: Actor, action: str, row: Invitation) -> None:
    record(
        uow, actor, action=action, object_id=row.organisation_id, data={"invitation": row.id, "roles": row.roles},
        concerns=[row.organisation_id],
    )  # fmt: skip
