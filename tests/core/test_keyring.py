"""Secrets: files of their own, generated once, refused in production when missing."""

from pathlib import Path

import pytest

from core.keyring import Keyring, SecretUnusable, hash_token, new_token


def test_a_secret_is_generated_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Keyring(tmp_path / "secrets", may_generate=True).secret("cursor")
    assert Keyring(tmp_path / "secrets", may_generate=True).secret("cursor") == first
    assert (tmp_path / "secrets" / "cursor").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["cursor"]


def test_production_refuses_a_missing_secret(tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match="cursor is missing"):
        Keyring(tmp_path, may_generate=False).secret("cursor")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["c2hvcnQ=", "", "é", "a"])
def test_a_weak_secret_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "weak").write_text(text)
    with pytest.raises(SecretUnusable, match="weak is no Base64 of at least 32 bytes"):
        Keyring(tmp_path, may_generate=False).secret("weak")


def test_what_is_sealed_opens_only_in_its_context(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path, may_generate=True)
    sealed = keyring.encrypt("personal", b"name", b"entry-1")
    assert keyring.decrypt("personal", sealed, b"entry-1") == b"name"
    with pytest.raises(ValueError, match="cannot be opened"):
        keyring.decrypt("personal", sealed, b"entry-2")
    with pytest.raises(ValueError, match="cannot be opened"):
        keyring.decrypt("personal", sealed[:-1] + bytes([sealed[-1] ^ 1]), b"entry-1")


def test_tokens_are_long_and_stored_hashed() -> None:
    token = new_token()
    assert len(token) >= 43
    assert token not in hash_token(token)
    assert len({new_token() for _ in range(100)}) == 100


def test_a_rotated_secret_still_opens_and_proves_until_it_is_retired_in_every_process(tmp_path: Path) -> None:
    keyring, other = Keyring(tmp_path, may_generate=True), Keyring(tmp_path, may_generate=False)
    sealed, mark = keyring.encrypt("data", b"name", b"row"), keyring.mac("data", b"page")[:16]
    assert other.decrypt("data", sealed, b"row") == b"name"
    keyring.rotate("data")
    fresh = keyring.encrypt("data", b"name", b"row")
    for each in (keyring, other):
        assert each.decrypt("data", fresh, b"row") == each.decrypt("data", sealed, b"row") == b"name"
        assert each.fits("data", b"page", mark)
        assert each.mac("data", b"page")[:16] != mark
    anew = other.sealed_anew("data", sealed, b"row")
    assert anew is not None
    assert other.sealed_anew("data", anew, b"row") is None
    keyring.rotate("data")
    assert [path.name for path in keyring.old("data")] == ["data.old-2", "data.old-1"]
    assert keyring.names() == ["data"]
    assert other.retire("data") == 2
    for each in (keyring, other):
        assert not each.fits("data", b"page", mark)
        with pytest.raises(ValueError, match="cannot be opened"):
            each.decrypt("data", sealed, b"row")


def test_production_makes_a_secret_when_it_is_told_to(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "secrets", may_generate=False)
    assert keyring.make("cursor")
    assert not keyring.make("cursor")
    assert len(keyring.secret("cursor")) == 32
