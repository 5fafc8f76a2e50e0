"""Roles, states and snapshots of identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """What a member may do for an organisation; an owner may do all of it."""

    OWNER = "owner"
    SUPPLIER = "supplier"
    BUYER = "buyer"
    DEVELOPER = "developer"
    FINANCE = "finance"


class PlatformRole(StrEnum):
    """What an account may do for the platform itself."""

    REVIEWER = "reviewer"
    OFFICER = "officer"
    FINANCE = "finance"
    OPERATOR = "operator"


class AccountKind(StrEnum):
    """A service is no person: it has no address and no password, only keys are made for it."""

    PERSON = "person"
    SERVICE = "service"


class Origin(StrEnum):
    """Where an organisation's data comes from."""

    GOVERNMENT = "government"
    ENTERPRISE = "enterprise"
    SOCIAL = "social"


class QualificationState(StrEnum):
    REGISTERED = "registered"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True)
class OrganisationSnapshot:
    """An organisation as others may see it; ``level`` counts only until ``qualified_until``.

    ``timezone`` is the zone that was chosen last; months already begun are still those of the one before.
    """

    id: str
    name: str
    name_en: str
    credit_code: str
    origin: str
    state: str
    level: int
    qualified_until: datetime | None
    reason: str
    timezone: str
    country: str
    registration_number: str
    parent_id: str | None
    version: int
    created_at: datetime


@dataclass(frozen=True)
class MemberSnapshot:
    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    kind: str = AccountKind.PERSON


@dataclass(frozen=True)
class SessionSnapshot:
    id: str
    kind: str
    client: str
    created_at: datetime
    expires_at: datetime
    current: bool


@dataclass(frozen=True)
class SignedIn:
    """The only moment at which a token is known in clear."""

    token: str
    session_id: str
    account_id: str
    organisation_id: str | None
    expires_at: datetime
    needs_factor: bool = False
    """The account's roles of the platform wait until a second factor is set up."""


@dataclass(frozen=True)
class Enrolment:
    """The only moment at which the secret of a second factor is known in clear."""

    secret: str
    uri: str


@dataclass(frozen=True)
class FactorSnapshot:
    """Whether one-time codes stand behind an account, and how many recovery codes are left."""

    enrolled: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


@dataclass(frozen=True)
class Signature:
    """What an account signed with; ``public_key`` and ``signature`` are standard base64 of the raw bytes."""

    key_id: str
    public_key: str
    signature: str


@dataclass(frozen=True)
class PublicKey:
    """A key that an account signs, or signed, with; ``own`` when the account keeps its private half itself."""

    key_id: str
    account_id: str
    public_key: str
    own: bool
    created_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True)
class InvitationSnapshot:
    id: str
    organisation_id: str
    email: str
    roles: tuple[str, ...]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class TransferSnapshot:
    """An organisation that is offered to one of its members."""

    id: str
    organisation_id: str
    from_account: str
    to_account: str
    roles_after: tuple[str, ...]
    offered_at: datetime
    expires_at: datetime
