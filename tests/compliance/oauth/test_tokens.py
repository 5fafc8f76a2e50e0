"""Access tokens: a right one is read, and none of the hostile ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from compliance.oauth import tokens
from tests.compliance.oauth import hostile

KEY = Ed25519PrivateKey.generate()
NOW = datetime(2026, 7, 30, 12, tzinfo=UTC)
ISSUER = "https://exchange.example"
SIGNED = hostile.Signed(
    key=KEY, kid="sgk_1", issuer=ISSUER, client_id="cli_1", organisation_id="org_1", now=int(NOW.timestamp())
)


def _read(text: str, now: datetime = NOW) -> tokens.AccessToken | None:
    return tokens.read(text, [hostile.jwk(KEY, "sgk_1")], issuer=ISSUER, now=now)


def test_what_is_written_is_read() -> None:
    key = OKPKey.import_key(KEY, {"kid": "sgk_1"})
    text = tokens.write(key, issuer=ISSUER, client_id="cli_1", organisation_id="org_1", now=NOW)
    known = _read(text)
    assert known is not None
    assert (known.client_id, known.organisation_id) == ("cli_1", "org_1")
    assert known.expires_at == NOW + timedelta(minutes=10)
    assert _read(text, NOW + timedelta(seconds=599)) == known
    assert _read(text, NOW + timedelta(seconds=600)) is None


def test_the_corpus_is_made_around_a_right_token() -> None:
    assert _read(SIGNED.token()) is not None
    made = list(hostile.corpus(SIGNED))
    assert len(made) > 100
    assert len({each.name for each in made}) == len(made)


@pytest.mark.parametrize("each", list(hostile.corpus(SIGNED)), ids=lambda each: each.name)
@pytest.mark.parametrize("keys", ["one key", "two keys"])
def test_a_hostile_token_is_nobodys(each: hostile.Hostile, keys: str) -> None:
    known = [hostile.jwk(KEY, "sgk_1")]
    if keys == "two keys":
        known.append(hostile.jwk(Ed25519PrivateKey.generate(), "sgk_2"))
    assert tokens.read(each.token, known, issuer=ISSUER, now=NOW) is None


def test_without_keys_nothing_is_read() -> None:
    assert tokens.read(SIGNED.token(), [], issuer=ISSUER, now=NOW) is None


def test_a_token_for_us_among_others_is_not_one_of_ours() -> None:
    assert _read(SIGNED.token(claims={"aud": ["other", "piaohao-gateway"]})) is None
