"""Reads of identity. Organisations' names are public among those signed in; members only to their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, func, select

from compliance.identity.errors import OrganisationNotFound
from compliance.identity.models import (
    Account,
    Membership,
    Organisation,
    OrganisationTimezone,
    PlatformRoleGrant,
    SignInSession,
)
from compliance.identity.types import MemberSnapshot, OrganisationSnapshot, QualificationState, SessionSnapshot
from compliance.policy import relations, versions
from compliance.subjects import service as subjects
from core.actor import Actor
from core.db import Uow, UtcDateTime
from core.keyring import Keyring, hash_token
from core.months import Months, ZoneChange


def organisation(uow: Uow, organisation_id: str) -> OrganisationSnapshot:
    """Raises OrganisationNotFound."""
    row = uow.session.get(Organisation, organisation_id)
    if row is None:
        raise OrganisationNotFound()
    return row.snapshot(uow.now())


def organisations(uow: Uow, ids: Iterable[str]) -> dict[str, OrganisationSnapshot]:
    """Those that exist, in one query."""
    rows = uow.session.execute(select(Organisation).where(Organisation.id.in_(set(ids)))).scalars()
    return {row.id: row.snapshot(uow.now()) for row in rows}


def names(uow: Uow, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """What those that exist are called, by language, in as many as they have a name in."""
    rows = uow.session.execute(
        select(Organisation.id, Organisation.name, Organisation.name_en).where(Organisation.id.in_(set(ids)))
    )
    return {key: {"zh": name, "en": name_en} if name_en else {"zh": name} for key, name, name_en in rows}


def activity(uow: Uow, ids: Iterable[str] | None = None) -> dict[str, bool]:
    """Whether organisations may act at all, by their ids or of all; none that is suspended or closed may.

    For machinery.
    """
    statement = select(Organisation.id, Organisation.state).order_by(Organisation.id)
    if ids is not None:
        statement = statement.where(Organisation.id.in_(set(ids)))
    found = uow.session.execute(statement)
    stopped = (QualificationState.SUSPENDED, QualificationState.CLOSED)
    return {organisation_id: state not in stopped for organisation_id, state in found}


def months_of(uow: Uow, organisation_id: str) -> Months:
    """The calendar of an organisation's months, with every change of its zone. Asks no policy: for services."""
    chosen = select(OrganisationTimezone).where(OrganisationTimezone.organisation_id == organisation_id)
    zones = [ZoneChange(row.starts_at, row.zone) for row in uow.session.execute(chosen).scalars()]
    if not zones:
        raise OrganisationNotFound()
    return Months(zones)


def organisations_in_state(uow: Uow, state: str, limit: int = 200) -> list[OrganisationSnapshot]:
    """For officers: the oldest first."""
    statement = select(Organisation).where(Organisation.state == state).order_by(Organisation.id).limit(limit)
    return [row.snapshot(uow.now()) for row in uow.session.execute(statement).scalars()]


def qualifications_ended(uow: Uow, since: datetime, until: datetime) -> list[str]:
    """The organisations whose qualification ended by time between two moments; no event tells of that."""
    ended = (Organisation.qualified_until > since, Organisation.qualified_until <= until)
    return list(uow.session.execute(select(Organisation.id).where(*ended).order_by(Organisation.id)).scalars())


def organisation_by_credit_code(uow: Uow, credit_code: str) -> OrganisationSnapshot | None:
    row = uow.session.execute(select(Organisation).where(Organisation.credit_code == credit_code)).scalar_one_or_none()
    return None if row is None else row.snapshot(uow.now())


def line_of(uow: Uow, organisation_id: str) -> list[str]:
    """The organisation and those above it, itself first. Raises OrganisationNotFound."""
    line: list[str] = []
    above: str | None = organisation_id
    while above is not None and above not in line:
        row = uow.session.get(Organisation, above)
        if row is None:
            raise OrganisationNotFound()
        line.append(above)
        above = row.parent_id
    return line


def group_of(uow: Uow, organisation_id: str) -> tuple[str, ...]:
    """Everybody who belongs together with this organisation, by id, itself too; the first is who stands above all.

    Two organisations of one group answer the same. Raises OrganisationNotFound.
    """
    found = [line_of(uow, organisation_id)[-1]]
    newest = found
    while newest:
        below = select(Organisation.id).where(Organisation.parent_id.in_(newest)).order_by(Organisation.id)
        newest = [each for each in uow.session.execute(below).scalars() if each not in found]
        found = [*found, *newest]
    return tuple(found)


def related(uow: Uow, one: str, other: str) -> bool:
    """Whether two organisations belong together, as officers recorded it. Raises OrganisationNotFound."""
    return line_of(uow, one)[-1] == line_of(uow, other)[-1]


def affiliated(uow: Uow) -> list[OrganisationSnapshot]:
    """Those that stand under another one. Asks no policy: for pages of officers."""
    below = select(Organisation).where(Organisation.parent_id.is_not(None)).order_by(Organisation.id)
    return [row.snapshot(uow.now()) for row in uow.session.execute(below).scalars()]


def organisation_count(uow: Uow) -> dict[str, int]:
    """How many organisations of each origin there are (public figures)."""
    statement = select(Organisation.origin, func.count()).group_by(Organisation.origin).order_by(Organisation.origin)
    return {row[0]: int(row[1]) for row in uow.session.execute(statement)}


def members(uow: Uow, actor: Actor) -> list[MemberSnapshot]:
    """The members of the actor's own organisation."""
    statement = (
        select(Account, Membership.role)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.organisation_id == actor.organisation_id)
        .order_by(Account.id, Membership.role)
    )
    roles: dict[str, list[str]] = {}
    accounts: dict[str, Account] = {}
    for account, role in uow.session.execute(statement):
        accounts[account.id] = account
        roles.setdefault(account.id, []).append(role)
    return _snapshots(uow, accounts.values(), roles)


def _snapshots(uow: Uow, accounts: Iterable[Account], roles: Mapping[str, Sequence[str]]) -> list[MemberSnapshot]:
    rows = list(accounts)
    known = subjects.people(uow, [row.subject_id for row in rows])
    return [
        MemberSnapshot(
            row.id, known.get(row.subject_id, {}).get("name", ""), known.get(row.subject_id, {}).get("email", ""),
            tuple(roles[row.id]), row.kind,
        )
        for row in rows
    ]  # fmt: skip


def account_name(uow: Uow, account_id: str) -> str:
    """What others call the person; empty when there is none, or it is forgotten."""
    account = uow.session.get(Account, account_id)
    return (subjects.value(uow, account.subject_id, "name") or "") if account else ""


def account_by_address(uow: Uow, email: str) -> Account | None:
    """The account of an address in its stored spelling; for identity itself."""
    mark = address_mark(uow.house.keyring, email)
    return uow.session.execute(select(Account).where(Account.address_mark == mark)).scalar_one_or_none()


def address_mark(keyring: Keyring, email: str) -> str:
    """By what an account is found of which somebody gives the address."""
    return subjects.mark(keyring, "email", email)


def address_of(uow: Uow, account_id: str) -> str | None:
    """Where letters to an account go; None when nobody is behind it any more. For machinery."""
    account = uow.session.get(Account, account_id)
    if account is None or account.disabled_at is not None:
        return None
    return subjects.value(uow, account.subject_id, "email")


def sessions(uow: Uow, actor: Actor) -> list[SessionSnapshot]:
    """The actor's own sessions that have not ended, newest first."""
    statement = (
        select(SignInSession)
        .where(
            SignInSession.account_id == actor.account_id,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > uow.now(),
        )
        .order_by(SignInSession.id.desc())
    )
    rows = uow.session.execute(statement).scalars().all()
    subject_id = uow.session.get_one(Account, actor.account_id).subject_id if rows else ""
    return [
        SessionSnapshot(
            row.id, row.kind, subjects.unseal(uow, subject_id, "client", row.client or b"").decode(), row.created_at,
            row.expires_at, row.id == actor.session_id,
        )
        for row in rows
    ]  # fmt: skip


def actor_of_token(uow: Uow, token: str) -> Actor | None:
    """The actor behind a token in force, or None. One statement: it stands before every request."""
    asked = {"token_hash": hash_token(token), "moment": uow.now()}
    rows = uow.session.execute(_BEHIND_TOKEN, asked).all()
    if not rows:
        return None
    session, account, organisation = rows[0][:3]
    if session.ended_at is not None or session.expires_at <= uow.now() or account.disabled_at is not None:
        return None
    versions.follow(uow, rows[0].policy)
    known = relations.read(rows[0].relations)
    return Actor(
        account_id=account.id,
        organisation_id=session.organisation_id,
        roles=frozenset(row.role for row in rows if row.role is not None),
        platform_roles=frozenset(row.platform_role for row in rows if row.platform_role is not None)
        if session.factor_at is not None
        else frozenset(),
        qualification=organisation.level_at(uow.now()) if organisation else 1,
        country=organisation.country if organisation else "",
        invited=known.invited,
        agreed=known.nda,
        session_id=session.id,
        pseudonym=account.pseudonym,
        language=account.language,
        second_factor=session.factor_at is not None,
    )


def hold(uow: Uow, organisation_id: str) -> None:
    """Hold the organisation's row until the unit ends, so that what is counted of it is counted one after the other."""
    chosen = select(Organisation.id).where(Organisation.id == organisation_id)
    uow.session.execute(chosen.with_for_update(key_share=True)).all()


def actor_of_account(uow: Uow, account_id: str, organisation_id: str) -> Actor:
    """A member as they stand now, for what they began and time finishes: no session, no office of the platform.

    Without any role for who is no member any more, or whose account was closed. Asks no policy: for services.
    """
    account = uow.session.get(Account, account_id)
    organisation = uow.session.get(Organisation, organisation_id)
    if account is None or organisation is None or account.disabled_at is not None:
        return Actor(account_id=account_id, organisation_id=organisation_id)
    member = Membership.account_id == account_id, Membership.organisation_id == organisation_id
    known = relations.of(uow, organisation_id)
    return Actor(
        account_id=account.id, organisation_id=organisation.id, pseudonym=account.pseudonym,
        roles=frozenset(uow.session.execute(select(Membership.role).where(*member)).scalars()),
        qualification=organisation.level_at(uow.now()), country=organisation.country, language=account.language,
        invited=known.invited, agreed=known.nda,
    )  # fmt: skip


def actor_in_role(uow: Uow, organisation_id: str, role: str) -> Actor:
    """Whoever holds this role in an organisation, as it stands now, for what is looked up while nobody asks.

    Nobody in particular: no account, no session. Asks no policy: for services.
    """
    organisation = uow.session.get_one(Organisation, organisation_id)
    known = relations.of(uow, organisation_id)
    return Actor(
        organisation_id=organisation.id, roles=frozenset({role}), qualification=organisation.level_at(uow.now()),
        country=organisation.country, invited=known.invited, agreed=known.nda,
    )  # fmt: skip


_BEHIND_TOKEN = (
    select(
        SignInSession,
        Account,
        Organisation,
        Membership.role,
        PlatformRoleGrant.role.label("platform_role"),
        relations.beside(SignInSession.organisation_id, bindparam("moment", type_=UtcDateTime))
        .scalar_subquery()
        .label("relations"),
        versions.active().scalar_subquery().label("policy"),
    )
    .join(Account, Account.id == SignInSession.account_id)
    .outerjoin(Organisation, Organisation.id == SignInSession.organisation_id)
    .outerjoin(
        Membership,
        and_(
            Membership.account_id == SignInSession.account_id,
            Membership.organisation_id == SignInSession.organisation_id,
        ),
    )
    .outerjoin(PlatformRoleGrant, PlatformRoleGrant.account_id == SignInSession.account_id)
    .where(SignInSession.token_hash == bindparam("token_hash"))
)


def platform_people(uow: Uow) -> list[MemberSnapshot]:
    """Who holds which roles of the platform; for the command line."""
    statement = (
        select(Account, PlatformRoleGrant.role)
        .join(PlatformRoleGrant, PlatformRoleGrant.account_id == Account.id)
        .order_by(Account.id, PlatformRoleGrant.role)
    )
    roles: dict[str, list[str]] = {}
    accounts: dict[str, Account] = {}
    for account, role in uow.session.execute(statement):
        accounts[account.id] = account
        roles.setdefault(account.id, []).append(role)
    return sorted(_snapshots(uow, accounts.values(), roles), key=lambda person: person.email)
