"""Backups, restores and keys by the command line, in processes of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from compliance.audit import verifier
from exchange.cli import main
from tests.build import PASSWORD


def _run(data: Path, *words: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--data", str(data), "--profile", "test", *words], input=typed)
    return result.exit_code, result.output


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    assert _run(folder, "init")[0] == 0
    return folder


def _operator(data: Path, email: str) -> None:
    words = ("users", "create", email, "--name", "Op", "--role", "operator", "--password-stdin")
    code, output = _run(data, *words, typed=PASSWORD + "\n")
    assert code == 0, output


def test_an_exchange_is_backed_up_lost_and_made_again(data: Path, tmp_path: Path) -> None:
    _operator(data, "first@example.org")
    code, output = _run(data, "backup", str(tmp_path / "backup"), "--with-secrets")
    assert code == 0, output
    _operator(data, "second@example.org")
    code, output = _run(tmp_path / "new", "restore", str(tmp_path / "backup"))
    assert code == 0, output
    listed = _run(tmp_path / "new", "users", "list")[1]
    assert "first@example.org" in listed
    assert "second@example.org" not in listed
    code, output = _run(data, "restore", str(tmp_path / "backup"))
    assert code == 1
    assert "--replace" in output
    assert "second@example.org" in _run(data, "users", "list")[1]
    code, output = _run(data, "restore", "--replace", str(tmp_path / "backup"))
    assert (code, "replaced-1" in output) == (0, True), output
    assert "second@example.org" not in _run(data, "users", "list")[1]
    assert _run(data, "audit", "verify")[0] == 0
    assert _run(data, "audit", "reopen")[1].startswith("The log goes on")


def test_keys_are_listed_made_rotated_and_retired(data: Path) -> None:
    code, output = _run(data, "keys", "make")
    assert (code, output.startswith("made: ")) == (0, True)
    assert _run(data, "keys", "make")[1].startswith("nothing was missing")
    assert _run(data, "keys", "rotate", "webhooks")[0] == 0
    assert "webhooks\tseals\t0 days\t1 older" in _run(data, "keys", "list")[1]
    code, output = _run(data, "keys", "retire", "webhooks")
    assert (code, output) == (0, "webhooks: 0 sealed anew, 1 older ones destroyed\n")
    assert _run(data, "keys", "rotate", "watermark")[0] == 2
    code, output = _run(data, "keys", "rotate-log")
    assert (code, output.count("piaohao.local/log+")) == (0, 2), output
    old, new = (verifier.parse_key(line.partition("\t")[2]) for line in output.splitlines())
    head = (data / "signer" / "head.txt").read_text("utf-8")
    assert verifier.verify_checkpoint(head, new) == verifier.verify_checkpoint(head, old)
    assert _run(data, "audit", "verify")[0] == 0


def test_a_secret_that_is_none_is_named_and_nothing_of_it(data: Path) -> None:
    assert _run(data, "keys", "make")[0] == 0
    secret = data / "secrets" / "log-signing-key"
    value = secret.read_text()
    secret.write_text(value[:20])
    code, output = _run(data, "keys", "rotate-log")
    assert (code, output[:34]) == (1, "Error: The secret log-signing-key ")
    assert value[:20] not in output
    code, output = _run(data, "doctor")
    assert code == 1
    assert "log-signing-key is no Base64" in output
    assert "audit reopen" not in output
    secret.write_text(value)
    assert _run(data, "keys", "rotate-log")[0] == 0


def test_what_the_machine_refuses_is_a_sentence(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    code, output = _run(data, "backup", str(tmp_path / "file"))
    assert code == 1
    assert output.startswith("Error: ")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "database.db").touch()
    assert "if a backup broke off there, remove it" in _run(data, "backup", str(tmp_path / "half"))[1]
    code, output = _run(tmp_path / "file", "init")
    assert code == 1
    assert "File exists" in output
    for url, said in (
        ("postgres://x:word@127.0.0.1:9/x", "must begin with"),
        ("postgresql+psycopg://x:word@127.0.0.1:9/x", "The database: connection"),
    ):
        monkeypatch.setenv("PIAOHAO_DATABASE_URL", url)
        code, output = _run(tmp_path / "other", "init")
        assert code == 1
        assert said in output
        assert "word" not in output


@pytest.mark.parametrize("text", ["", "garbage"])
def test_what_is_no_checkpoint_puts_nothing_back(data: Path, tmp_path: Path, text: str) -> None:
    assert _run(data, "backup", str(tmp_path / "backup"), "--with-secrets")[0] == 0
    (tmp_path / "checkpoint").write_text(text)
    new = tmp_path / "new"
    code, output = _run(new, "restore", str(tmp_path / "backup"), "--checkpoint", str(tmp_path / "checkpoint"))
    assert code == 1
    assert "checkpoint that you gave cannot be used" in output
    assert not new.exists()
