"""The commands about signing keys and accounts."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from exchange.cli import main
from tests.build import PASSWORD


def _run(data: Path, *words: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--data", str(data), "--profile", "test", *words], input=typed)
    return result.exit_code, result.output


@pytest.mark.parametrize("options", [[], ["--compromised"]])
def test_signing_keys_are_rotated(data: Path, options: list[str]) -> None:
    code, output = _run(data, "keys", "rotate-signing", *options)
    assert code == 0
    assert output.startswith("sgk_")
    assert " signs from " in output


def test_an_account_is_disabled_once_and_for_all(data: Path) -> None:
    who = ("op@example.org", "--name", "Op", "--role", "operator", "--password-stdin")
    _run(data, "users", "create", *who, typed=PASSWORD + "\n")
    for _ in range(2):
        assert _run(data, "users", "disable", "op@example.org")[0] == 0
    assert _run(data, "users", "disable", "nobody@example.org") == (
        1, "Error: There is no such account (email). There is no account with this address.\n"
    )  # fmt: skip
