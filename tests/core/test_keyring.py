"""Secrets: files of their own, generated once, refused in production when missing."""

from pathlib import Path

import pytest

from core.keyring import Keyring, hash_token, new_token


def test_a_secret_is_generated_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = Keyring(tmp_path / "secrets", may_generate=True).secret("cursor")
    assert Keyring(tmp_path / "secrets", may_generate=True).secret("cursor") == first
    assert (tmp_path / "secrets" / "cursor").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["cursor"]


def test_production_refuses_a_missing_secret(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="cursor is missing"):
        Keyring(tmp_path, may_generate=False).secret("cursor")
    assert list(tmp_path.iterdir()) == []


def test_a_weak_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weak").write_text("c2hvcnQ=")
    with pytest.raises(RuntimeError, match="shorter"):
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
