"""Facts of OAuth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.events import Event


@dataclass(frozen=True)
class ClientChanged(Event):
    """A client was registered or revoked: what gateways know of it is out of date."""

    name: ClassVar[str] = "oauth.client_changed"
    client_id: str


@dataclass(frozen=True)
class TokenRevoked(Event):
    """A token must not be taken any more; ``expires_at`` is in Unix seconds."""

    name: ClassVar[str] = "oauth.token_revoked"
    jti: str
    expires_at: int


@dataclass(frozen=True)
class SigningKeysChanged(Event):
    """The set of keys that tokens may be signed with changed."""

    name: ClassVar[str] = "oauth.signing_keys_changed"
