"""Table of keys."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from compliance.keys.rules import shown_prefix
from compliance.keys.types import CompiledKey, CredentialState, KeySnapshot
from core.db import Base, Id, UtcDateTime


class ApiKey(Base):
    """A key's record; only its hash is kept."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    mode: Mapped[str] = mapped_column(String(10))
    prefix: Mapped[str] = mapped_column(String(8), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    listing_ids: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    successor_id: Mapped[str | None] = mapped_column(Id, ForeignKey("api_key.id"))

    def state_at(self, moment: datetime) -> CredentialState:
        if self.revoked_at is not None:
            return CredentialState.REVOKED
        expired = self.expires_at is not None and self.expires_at <= moment
        return CredentialState.EXPIRED if expired else CredentialState.ACTIVE

    def snapshot(self, moment: datetime) -> KeySnapshot:
        return KeySnapshot(
            id=self.id, name=self.name, prefix=shown_prefix(self.mode, self.prefix), mode=self.mode,
            listing_ids=only_for(self.listing_ids), state=self.state_at(moment), created_at=self.created_at,
            expires_at=self.expires_at, revoked_at=self.revoked_at, last_used_at=self.last_used_at,
            successor_id=self.successor_id,
        )  # fmt: skip

    def compiled(self, *, maker_disabled: bool) -> CompiledKey:
        stopped = maker_disabled or self.revoked_at is not None
        return CompiledKey(
            id=self.id, prefix=self.prefix, sha256=self.sha256, organisation_id=self.organisation_id, mode=self.mode,
            listing_ids=only_for(self.listing_ids), expires_at=self.expires_at,
            state=CredentialState.REVOKED if stopped else CredentialState.ACTIVE,
        )  # fmt: skip


def stored_listings(listing_ids: tuple[str, ...] | None) -> str:
    """How the listings a credential is for are stored; empty for all of them."""
    return "" if listing_ids is None else json.dumps(list(dict.fromkeys(listing_ids)))


def only_for(stored: str) -> tuple[str, ...] | None:
    """The listings a credential is for, as ``stored_listings`` kept them; None for all of them."""
    return tuple(json.loads(stored)) if stored else None
