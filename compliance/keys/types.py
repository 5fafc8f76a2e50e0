"""Modes, states and snapshots of API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """Calls of a live credential are billed as the plan says; those of a test credential are metered, never billed."""

    LIVE = "live"
    TEST = "test"


class CredentialState(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class KeySnapshot:
    """A key as the members of its organisation see it; the key itself is not in it.

    ``listing_ids`` None means every listing that the organisation is entitled to. ``successor_id`` names the key
    that was made to follow it.
    """

    id: str
    name: str
    prefix: str
    mode: str
    listing_ids: tuple[str, ...] | None
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    successor_id: str | None


@dataclass(frozen=True)
class MadeKey:
    """The only moment at which a key is known in clear."""

    key: str
    snapshot: KeySnapshot


@dataclass(frozen=True)
class CompiledKey:
    """What a gateway needs to recognise a key. ``state`` is "active" or "revoked"; expiry is for the gateway to see.

    A suspended organisation's keys stay as they are: that it is suspended is said of the organisation.
    """

    id: str
    prefix: str
    sha256: str
    organisation_id: str
    mode: str
    listing_ids: tuple[str, ...] | None
    expires_at: datetime | None
    state: str
