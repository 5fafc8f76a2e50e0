"""Access tokens: JWTs, verified once and then known by their hash until they expire."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import OKPKey

LONGEST = 4_096
_ALGORITHM = "EdDSA"
_LEEWAY_S = 5


class TokenInvalid(Exception):
    """Not a token of ours: its form, its key, its signature, or whom it is for."""


class _OneAlgorithm(jws.JWSRegistry):
    """Takes the name that tokens are signed under and no other, whatever a header says; the keys are all Ed25519."""

    def get_alg(self, name: str) -> Any:
        if name != _ALGORITHM:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]


_REGISTRY = _OneAlgorithm()


class Verifier:
    """Verifies tokens of one issuer for one audience, by the keys that are in force."""

    def __init__(self, issuer: str, audience: str, keys: Mapping[str, Mapping[str, Any]]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = {kid: OKPKey.import_key(dict(jwk)) for kid, jwk in keys.items()}

    def claims(self, token: bytes, now: float) -> dict[str, Any]:
        """The claims of a token whose signature, type, issuer, audience and scope are right; it may have expired.

        Raises TokenInvalid.
        """
        if len(token) > LONGEST or token.count(b".") != 2:
            raise TokenInvalid("form")
        try:
            claims = self._open(token)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise TokenInvalid(type(error).__name__) from None
        if not self._meant_for_us(claims, now):
            raise TokenInvalid("claims")
        return claims

    def _open(self, token: bytes) -> dict[str, Any]:
        header = jws.extract_compact(token).headers()
        if str(header.get("typ", "")).lower() not in ("at+jwt", "application/at+jwt"):
            raise TokenInvalid("type")
        if "crit" in header:
            raise TokenInvalid("extension")
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise TokenInvalid("key")
        claims = json.loads(jws.deserialize_compact(token, key, registry=_REGISTRY).payload)
        if not isinstance(claims, dict):
            raise TokenInvalid("claims")
        return claims

    def _meant_for_us(self, claims: dict[str, Any], now: float) -> bool:
        audience = claims.get("aud")
        return (
            claims.get("iss") == self._issuer
            and (audience == self._audience or (isinstance(audience, list) and self._audience in audience))
            and "call" in str(claims.get("scope", "")).split()
            and all(isinstance(claims.get(name), str) and claims[name] for name in ("sub", "org", "jti"))
            and _is_time(claims.get("exp"))
            and _is_time(claims.get("iat"))
            and _is_time(claims.get("nbf", claims["iat"]))
            and max(claims["iat"], claims.get("nbf", claims["iat"])) <= now + _LEEWAY_S
        )


def _is_time(value: object) -> bool:
    """A number of seconds; NaN, which JSON does not know but Python reads, would never be past."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
