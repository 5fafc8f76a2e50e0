"""Tables of identity."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.identity.types import AccountKind, OrganisationSnapshot, QualificationState
from core.db import Base, Id, UtcDateTime


class Organisation(Base):
    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint("level >= 0 AND level <= 4", name="level_in_range"),
        CheckConstraint("(credit_code IS NULL) <> (registration_number IS NULL)", name="one_number"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        UniqueConstraint("country", "registration_number"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    credit_code: Mapped[str | None] = mapped_column(String(18), unique=True)
    registration_number: Mapped[str | None] = mapped_column(String(60))
    """What an organisation of another country has instead of a credit code."""
    parent_id: Mapped[str | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    origin: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), default=QualificationState.REGISTERED)
    level: Mapped[int] = mapped_column(default=1)
    qualified_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(Text, default="")
    timezone: Mapped[str] = mapped_column(String(40))
    country: Mapped[str] = mapped_column(String(2))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def level_at(self, moment: datetime) -> int:
        """The level in force: an expired qualification counts as merely registered."""
        expired = self.qualified_until is not None and self.qualified_until <= moment
        stopped = self.state in (QualificationState.SUSPENDED, QualificationState.CLOSED)
        return min(self.level, 1) if expired or stopped else self.level

    def snapshot(self, moment: datetime) -> OrganisationSnapshot:
        return OrganisationSnapshot(
            id=self.id, name=self.name, name_en=self.name_en, credit_code=self.credit_code or "", origin=self.origin,
            state=self.state, level=self.level_at(moment), qualified_until=self.qualified_until, reason=self.reason,
            timezone=self.timezone, country=self.country,
            registration_number=self.registration_number or "", parent_id=self.parent_id, version=self.version,
            created_at=self.created_at,
        )  # fmt: skip


class OrganisationTimezone(Base):
    """From when on an organisation's months are those of a zone; each but the first begins where a month ended."""

    __tablename__ = "organisation_timezone"

    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    zone: Mapped[str] = mapped_column(String(40))


class Account(Base):
    __tablename__ = "account"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    subject_id: Mapped[str] = mapped_column(Id, ForeignKey("subject.id"))
    """Under whose key the name and the address lie."""
    address_mark: Mapped[str | None] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(10), default=AccountKind.PERSON)
    password_hash: Mapped[str] = mapped_column(String(200))
    pseudonym: Mapped[str] = mapped_column(String(40), unique=True)
    language: Mapped[str] = mapped_column(String(5), default="zh")
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class KeptSigner(Base):
    """An account signed for a thing whose records must be kept. With a ``subject_id`` the account is forgotten, and the
    name lies there until the thing's term is over.
    """

    __tablename__ = "kept_signer"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(Id, primary_key=True, index=True)
    subject_id: Mapped[str | None] = mapped_column(Id, ForeignKey("subject.id"), index=True)
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Membership(Base):
    __tablename__ = "membership"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class PlatformRoleGrant(Base):
    __tablename__ = "platform_role"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class SignInSession(Base):
    """A bearer token's or a cookie's record; only the token's hash is kept."""

    __tablename__ = "sign_in_session"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    organisation_id: Mapped[str | None] = mapped_column(Id, ForeignKey("organisation.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    client: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What the program calls itself, sealed under the person's key."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    factor_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a second factor stood behind it; without one the platform's roles do not count in it."""


class SecondFactor(Base):
    """The secret of an account's one-time codes, sealed; a new one counts once its first code was given."""

    __tablename__ = "second_factor"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), primary_key=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    offered: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(BigInteger, default=-1)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """What stands for a one-time code once, when the device is lost; only its hash is kept."""

    __tablename__ = "recovery_code"

    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SigningKey(Base):
    """An account's Ed25519 key; ``own`` when the account keeps the private half itself."""

    __tablename__ = "signing_key"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    public_key: Mapped[str] = mapped_column(String(44))
    own: Mapped[bool]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInThrottle(Base):
    """Failures in a row by address or by network peer; blocks for a growing while."""

    __tablename__ = "sign_in_throttle"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(Base):
    """Somebody was asked by mail to become a member; the address lies under a key of its own."""

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    subject_id: Mapped[str] = mapped_column(Id, ForeignKey("subject.id"))
    address_mark: Mapped[str] = mapped_column(String(64))
    roles: Mapped[str] = mapped_column(String(100))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was accepted or taken back."""


class PasswordReset(Base):
    __tablename__ = "password_reset"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OwnershipTransfer(Base):
    """An owner offers the organisation to a member; it changes hands when that member accepts."""

    __tablename__ = "ownership_transfer"
    __table_args__ = (
        Index(
            "ix_ownership_transfer_open", "organisation_id", unique=True,
            sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"))
    from_account: Mapped[str] = mapped_column(Id, ForeignKey("account.id"))
    to_account: Mapped[str] = mapped_column(Id, ForeignKey("account.id"))
    roles_after: Mapped[str] = mapped_column(String(100))
    offered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(10), default="")
