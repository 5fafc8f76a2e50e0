"""Tables of OAuth."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.keys.models import only_for
from compliance.keys.types import CredentialState
from compliance.oauth.types import ClientSnapshot, CompiledClient
from core.db import Base, Id, UtcDateTime


class OAuthClient(Base):
    """A client's record; only hashes of its secrets are kept."""

    __tablename__ = "oauth_client"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    mode: Mapped[str] = mapped_column(String(10))
    listing_ids: Mapped[str] = mapped_column(Text, default="")
    secret_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def state(self) -> CredentialState:
        return CredentialState.ACTIVE if self.revoked_at is None else CredentialState.REVOKED

    def hashes_at(self, moment: datetime) -> tuple[str, ...]:
        """The hashes of the secrets that open: the present one, and its predecessor while it may still be used."""
        overlaps = self.previous_hash is not None and self.previous_until is not None and moment < self.previous_until
        return (self.secret_hash, self.previous_hash) if overlaps and self.previous_hash else (self.secret_hash,)

    def snapshot(self, moment: datetime) -> ClientSnapshot:
        until = self.previous_until if self.previous_until is not None and self.previous_until > moment else None
        return ClientSnapshot(
            id=self.id, name=self.name, mode=self.mode, listing_ids=only_for(self.listing_ids), state=self.state,
            created_at=self.created_at, revoked_at=self.revoked_at, last_used_at=self.last_used_at,
            previous_secret_until=until,
        )  # fmt: skip

    def compiled(self, *, maker_disabled: bool) -> CompiledClient:
        return CompiledClient(
            id=self.id, organisation_id=self.organisation_id, mode=self.mode, listing_ids=only_for(self.listing_ids),
            state=CredentialState.REVOKED if maker_disabled else self.state,
        )  # fmt: skip


class SigningKey(Base):
    """A pair of keys for access tokens: published at once, signing from ``signs_from`` until its successor does.

    The private half is sealed by the keyring, and erased when it signs no more. After ``ends_at`` no token that it
    signed is taken.
    """

    __tablename__ = "oauth_signing_key"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signs_from: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RevokedToken(Base):
    """A token that its client gave back; kept until the token would have expired anyway."""

    __tablename__ = "oauth_revoked_token"

    jti: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[str] = mapped_column(Id, ForeignKey("oauth_client.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    revoked_at: Mapped[datetime] = mapped_column(UtcDateTime)
