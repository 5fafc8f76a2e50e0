"""The gateway takes none of the hostile tokens."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange.gateway.tokens import TokenInvalid, Verifier
from tests.compliance.oauth import hostile

NOW = 1_785_412_800
KEY = Ed25519PrivateKey.generate()
SIGNED = hostile.Signed(
    key=KEY, kid="sgk_1", issuer="https://exchange.example", client_id="cli_1", organisation_id="org_1", now=NOW
)
VERIFIER = Verifier(SIGNED.issuer, SIGNED.audience, {"sgk_1": hostile.jwk(KEY, "sgk_1")})


def test_the_right_one_is_taken() -> None:
    assert VERIFIER.claims(SIGNED.token().encode(), NOW)["sub"] == "cli_1"


@pytest.mark.parametrize("each", list(hostile.corpus(SIGNED)), ids=lambda each: each.name)
def test_no_hostile_token_is_taken(each: hostile.Hostile) -> None:
    """One that is only too old is read, and found to be past by whoever asked for it."""
    try:
        claims = VERIFIER.claims(each.token.encode(), NOW)
    except TokenInvalid:
        return
    assert claims["exp"] <= NOW


def test_half_of_the_bytes_never_crash() -> None:
    right = SIGNED.token().encode()
    for place in range(0, len(right), 3):
        for byte in (0x00, 0x2E, 0x41, 0xFF):
            broken = right[:place] + bytes([byte]) + right[place + 1 :]
            if broken == right:
                continue
            with pytest.raises(TokenInvalid):
                VERIFIER.claims(broken, NOW)
