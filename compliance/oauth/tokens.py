"""Access tokens as JWTs (RFC 9068), signed with Ed25519: written, and read without believing a word of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jws import JWSRegistry
from joserfc.registry import Header

from compliance.oauth.types import AUDIENCE, SCOPE, TOKEN_LIFE

TYPE = "at+jwt"
ALGORITHM = "EdDSA"
LONGEST_TOKEN = 2048


class _OneAlgorithm(JWSRegistry):
    """Takes Ed25519 under the name that clients' libraries know (RFC 8037), and nothing else whatever a header says."""

    def get_alg(self, name: str) -> Any:
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


_REGISTRY = _OneAlgorithm()


@dataclass(frozen=True)
class AccessToken:
    """What a token that was proven to be ours says."""

    jti: str
    client_id: str
    organisation_id: str
    expires_at: datetime


def write(key: OKPKey, *, issuer: str, client_id: str, organisation_id: str, now: datetime) -> str:
    """A fresh token for ten minutes."""
    at = int(now.timestamp())
    header: Header = {"alg": ALGORITHM, "typ": TYPE, "kid": str(key.kid)}
    claims = {
        "iss": issuer, "aud": AUDIENCE, "sub": client_id, "client_id": client_id, "org": organisation_id,
        "jti": secrets.token_urlsafe(16), "iat": at, "exp": at + int(TOKEN_LIFE.total_seconds()), "scope": SCOPE,
    }  # fmt: skip
    return jwt.encode(header, claims, key, registry=_REGISTRY)


def read(text: str, public_keys: Sequence[Mapping[str, Any]], *, issuer: str, now: datetime) -> AccessToken | None:
    """What the token says, when one of these keys signed it for the gateway and it has not expired; else None."""
    if len(text) > LONGEST_TOKEN:
        return None
    keys = KeySet([OKPKey.import_key(dict(each)) for each in public_keys])
    at = int(now.timestamp())
    expected = jwt.JWTClaimsRegistry(
        now=at, iss={"essential": True, "value": issuer}, aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True}, org={"essential": True}, jti={"essential": True}, iat={"essential": True},
        exp={"essential": True}, scope={"essential": True, "value": SCOPE},
    )  # fmt: skip
    try:
        token = jwt.decode(text, keys, registry=_REGISTRY)
        expected.validate(token.claims)
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    ours = {"alg": ALGORITHM, "typ": TYPE, "kid": token.header.get("kid")}
    return _of(token.claims) if token.header == ours and _texts(token.claims) else None


def _texts(claims: Mapping[str, Any]) -> bool:
    return all(isinstance(claims[name], str) for name in ("sub", "org", "jti", "aud"))


def _of(claims: Mapping[str, Any]) -> AccessToken:
    expires_at = datetime.fromtimestamp(claims["exp"], UTC)
    return AccessToken(claims["jti"], claims["sub"], claims["org"], expires_at)
