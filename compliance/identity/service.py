"""What people do with identity: register, sign in, end sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from compliance.audit.service import record
from compliance.identity import factors, numbers, queries, throttle
from compliance.identity.errors import (
    EmailTaken,
    OrganisationNotFound,
    SessionNotFound,
    SignInFailed,
)
from compliance.identity.events import QualificationChanged
from compliance.identity.models import (
    Account,
    Membership,
    Organisation,
    OrganisationTimezone,
    PlatformRoleGrant,
    SignInSession,
)
from compliance.identity.rules import check_password, hash_password, normal_email, password_matches
from compliance.identity.standing import end_sessions
from compliance.identity.types import AccountKind, OrganisationSnapshot, Origin, PlatformRole, Role, SignedIn
from compliance.subjects import service as subjects
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.keyring import hash_token, new_token
from core.months import check_timezone
from core.problems import Forbidden, StaleVersion

_FREE_FAILURES = 5


@dataclass(frozen=True)
class Person:
    """A new account as it comes in; the password was hashed before the unit opened."""

    name: str
    email: str
    password_hash: str
    language: str = "zh"


def new_person(*, name: str, email: str, password: str, language: str = "zh") -> Person:
    """Check and hash, outside any unit of work. Raises EmailInvalid, PasswordTooWeak."""
    address = normal_email(email)
    check_password(password, address)
    return Person(name=name, email=address, password_hash=hash_password(password), language=language)


def register(
    uow: Uow, *, name: str, name_en: str, origin: str, person: Person, credit_code: str = "", country: str = "",
    registration_number: str = "",
) -> OrganisationSnapshot:  # fmt: skip
    """A new organisation with its first member, the owner; of the exchange's own country unless it is said.

    Raises CountryInvalid, CreditCodeInvalid (checksum of GB 32100-2015), CreditCodeTaken,
    RegistrationNumberInvalid, RegistrationNumberTaken, EmailTaken.
    """
    number = numbers.checked(uow, country, credit_code, registration_number)
    organisation = Organisation(
        id=new_id("org"), name=name, name_en=name_en, credit_code=number.credit_code, origin=Origin(origin),
        created_at=uow.now(), level=1, reason="", version=1, state="registered", timezone=uow.house.settings.timezone,
        country=number.country, registration_number=number.registration_number,
    )  # fmt: skip
    uow.session.add(organisation)
    uow.session.flush()
    uow.session.add(
        OrganisationTimezone(organisation_id=organisation.id, starts_at=uow.now(), zone=organisation.timezone)
    )
    account = create_account(uow, person)
    uow.session.add(Membership(account_id=account.id, organisation_id=organisation.id, role=Role.OWNER))
    owner = Actor(account_id=account.id, organisation_id=organisation.id, pseudonym=account.pseudonym)
    _record_organisation(uow, owner, "organisation:register", organisation, {"origin": organisation.origin})
    return organisation.snapshot(uow.now())


def mend_organisation(
    uow: Uow, actor: Actor, *, version: int, name: str, name_en: str, credit_code: str | None = None,
    registration_number: str | None = None,
) -> OrganisationSnapshot:  # fmt: skip
    """An owner corrects the organisation's particulars before they are approved; a number left out stays."""
    organisation = uow.session.get(Organisation, actor.organisation_id or "")
    if organisation is None:
        raise OrganisationNotFound()
    if "owner" not in actor.roles or organisation.state not in ("registered", "returned"):
        raise Forbidden("Only an owner corrects particulars, and only before they are approved.")
    if organisation.version != version:
        raise StaleVersion(current=organisation.version)
    known = organisation.credit_code or "", organisation.registration_number or ""
    given = (
        known[0] if credit_code is None else credit_code,
        known[1] if registration_number is None else registration_number,
    )
    if given != known:
        number = numbers.checked(uow, organisation.country, *given)
        organisation.credit_code, organisation.registration_number = number.credit_code, number.registration_number
    organisation.name, organisation.name_en = name, name_en
    organisation.version += 1
    _record_organisation(uow, actor, "organisation:mend", organisation, {})
    return organisation.snapshot(uow.now())


def change_timezone(uow: Uow, actor: Actor, *, version: int, timezone: str) -> OrganisationSnapshot:
    """An owner chooses the zone of the organisation's months; the month that is running ends as it began.

    Raises OrganisationNotFound, Forbidden, StaleVersion, TimezoneUnknown.
    """
    organisation = uow.session.get(Organisation, actor.organisation_id or "", with_for_update=True)
    if organisation is None:
        raise OrganisationNotFound()
    if "owner" not in actor.roles:
        raise Forbidden("Only an owner chooses the time zone.")
    if organisation.version != version:
        raise StaleVersion(current=organisation.version)
    organisation.timezone = check_timezone(timezone)
    organisation.version += 1
    since = _replace_pending_timezone(uow, organisation)
    _record_organisation(
        uow, actor, "organisation:change_timezone", organisation,
        {"timezone": timezone, "since": since.isoformat().replace("+00:00", "Z")},
    )  # fmt: skip
    return organisation.snapshot(uow.now())


def _replace_pending_timezone(uow: Uow, organisation: Organisation) -> datetime:
    """The new zone holds from the end of the running month; a change that had not begun is forgotten."""
    pending = OrganisationTimezone.starts_at > uow.now()
    uow.session.execute(
        delete(OrganisationTimezone).where(OrganisationTimezone.organisation_id == organisation.id, pending)
    )
    since = queries.months_of(uow, organisation.id).period_of(uow.now()).ends_at
    uow.session.add(OrganisationTimezone(organisation_id=organisation.id, starts_at=since, zone=organisation.timezone))
    uow.session.flush()
    return since


def create_account(uow: Uow, person: Person, subject_id: str | None = None) -> Account:
    """An account of a new subject, or of one whose address is known already. Raises EmailTaken or EmailInvalid."""
    email = normal_email(person.email)
    if queries.account_by_address(uow, email) is not None:
        raise EmailTaken("Sign in, or use another address.", field="email")
    if subject_id is None:
        subject_id = subjects.create(uow)
    subjects.put(uow, subject_id, "name", person.name)
    subjects.put(uow, subject_id, "email", email)
    account = Account(
        id=new_id("acc"), subject_id=subject_id, address_mark=queries.address_mark(uow.house.keyring, email),
        kind=AccountKind.PERSON, password_hash=person.password_hash,
        pseudonym=new_id("psn"), language=person.language, created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(account)
    uow.session.flush()
    return account


def create_platform_person(uow: Uow, person: Person, roles: Sequence[str]) -> str:
    """An account with roles of the platform; only the command line calls this. Answers the account's id."""
    account = create_account(uow, person)
    for role in roles:
        uow.session.add(PlatformRoleGrant(account_id=account.id, role=PlatformRole(role)))
    record(uow, SYSTEM, action="account:appoint", object_id=account.id, data={"roles": ",".join(sorted(roles))})
    return account.id


def set_password(uow: Uow, *, email: str, password_hash: str) -> None:
    """Give an account a new password and end all its sessions; only the command line calls this."""
    account = queries.account_by_address(uow, normal_email(email))
    if account is None:
        raise SignInFailed("There is no account with this address.", field="email")
    account.password_hash = password_hash
    end_sessions(uow, account.id)
    record(uow, SYSTEM, action="account:set_password", object_id=account.pseudonym)


def set_qualification(
    uow: Uow,
    organisation_id: str,
    *,
    state: str,
    level: int | None = None,
    until: datetime | None = None,
    reason: str = "",
) -> OrganisationSnapshot:
    """Store the outcome of a qualification step; who may, and the audit entry, are the caller's part."""
    organisation = uow.session.get(Organisation, organisation_id, with_for_update=True)
    if organisation is None:
        raise OrganisationNotFound()
    organisation.state, organisation.reason = state, reason
    if level is not None:
        organisation.level, organisation.qualified_until = level, until
    organisation.version += 1
    uow.emit(QualificationChanged(organisation_id=organisation.id, state=state, level=organisation.level))
    return organisation.snapshot(uow.now())


def sign_in(
    house: House, *, email: str, password: str, otp: str = "", kind: str = "api", client: str = "", peer: str = ""
) -> SignedIn:
    """A session for the right password, and the right one-time code of who has a second factor.

    However many guesses at a password come at once, no more are judged than if they came one after the other.

    Raises SignInFailed, SecondFactorNeeded, SecondFactorWrong, or TooManyAttempts after failures in a row.
    """
    address = queries.address_mark(house.keyring, normal_email(email))
    peers = [f"peer:{subjects.mark(house.keyring, 'peer', peer)[:40]}"] if peer else []
    keys = [f"email:{address[:40]}", *peers]
    stored = house.db.read(lambda uow: _password_hash(uow, address, keys))
    if not password_matches(stored, password):
        house.db.write(lambda uow: _count_failure(uow, keys))
        raise SignInFailed(hint="Check both; after several failures you must wait.")
    token = new_token()
    return house.db.write(lambda uow: _open_session(uow, address, stored, token, otp, kind, client, keys))


def authenticate(house: House, token: str) -> Actor | None:
    """The actor behind a bearer token or cookie, or None when it is unknown or has ended."""
    return house.db.read(lambda uow: queries.actor_of_token(uow, token))


def end_session(uow: Uow, actor: Actor, session_id: str) -> None:
    """End one of the actor's own sessions. Raises SessionNotFound for anybody else's."""
    row = uow.session.get(SignInSession, session_id)
    if row is None or row.account_id != actor.account_id:
        raise SessionNotFound()
    row.ended_at = row.ended_at or uow.now()


def _record_organisation(uow: Uow, actor: Actor, action: str, row: Organisation, data: dict[str, str]) -> None:
    record(
        uow, actor, action=action, object_id=row.id, object_version=row.version,
        data={"credit_code": row.credit_code or "", "name": row.name} | data, concerns=[row.id],
    )  # fmt: skip


def forget_failures(uow: Uow) -> int:
    """Forget failures to sign in, or to get a token, that are long over and block nobody; answers how many rows."""
    return throttle.forget_old(uow)


def _password_hash(uow: Uow, address: str, keys: list[str]) -> str | None:
    throttle.check(uow, keys)
    return uow.session.execute(
        select(Account.password_hash).where(Account.address_mark == address, Account.disabled_at.is_(None))
    ).scalar_one_or_none()


def _take_turn(uow: Uow, keys: list[str]) -> None:
    """From here on one guess at an account's password is judged, and counted, after the other.

    Raises TooManyAttempts.
    """
    uow.alone(keys[0])
    throttle.check(uow, keys)


def _count_failure(uow: Uow, keys: list[str]) -> None:
    _take_turn(uow, keys)
    for key in keys:
        allowed = _FREE_FAILURES if key.startswith("email:") else _FREE_FAILURES * 10
        throttle.count_failure(uow, key, allowed=allowed)


def _open_session(
    uow: Uow, address: str, verified: str | None, token: str, otp: str, kind: str, client: str,
    keys: list[str],
) -> SignedIn:  # fmt: skip
    """Raises SignInFailed when the password was changed, or the account stopped, since it was verified."""
    _take_turn(uow, keys)
    in_force = (Account.address_mark == address, Account.password_hash == verified, Account.disabled_at.is_(None))
    account = uow.session.execute(select(Account).where(*in_force).with_for_update()).scalar_one_or_none()
    if account is None:
        raise SignInFailed(hint="Check both; after several failures you must wait.")
    enrolled = factors.of(uow, account.id).enrolled
    if enrolled:
        factors.confirm_account(uow, account.id, otp)
    organisation_id = uow.session.execute(
        select(Membership.organisation_id).where(Membership.account_id == account.id).limit(1)
    ).scalar_one_or_none()
    throttle.forget(uow, keys[0])
    row = SignInSession(
        id=new_id("ses"), account_id=account.id, organisation_id=organisation_id, token_hash=hash_token(token),
        kind=kind, client=subjects.seal(uow, account.subject_id, "client", client[:200].encode()), created_at=uow.now(),
        expires_at=uow.now() + timedelta(hours=uow.house.settings.session_hours),
        factor_at=uow.now() if enrolled else None,
    )  # fmt: skip
    uow.session.add(row)
    appointed = select(PlatformRoleGrant.role).where(PlatformRoleGrant.account_id == account.id).limit(1)
    needs_factor = not enrolled and uow.session.execute(appointed).first() is not None
    return SignedIn(token, row.id, account.id, organisation_id, row.expires_at, needs_factor)
