"""Snapshots of OAuth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

AUDIENCE = "piaohao-gateway"
SCOPE = "call"
TOKEN_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class ClientSnapshot:
    """A client as the members of its organisation see it; the secret is not in it. Its id is its ``client_id``."""

    id: str
    name: str
    mode: str
    listing_ids: tuple[str, ...] | None
    state: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    previous_secret_until: datetime | None


@dataclass(frozen=True)
class MadeClient:
    """The only moment at which a client's secret is known in clear."""

    client_secret: str
    snapshot: ClientSnapshot


@dataclass(frozen=True)
class CompiledClient:
    """What a gateway needs to know of whom a token names. ``state`` is "active" or "revoked"."""

    id: str
    organisation_id: str
    mode: str
    listing_ids: tuple[str, ...] | None
    state: str
