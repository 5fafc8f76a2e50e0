"""The command line: its help reads well and stays as it is, its commands say what went wrong."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from exchange.cli import main
from tests.build import PASSWORD

_SNAPSHOT = Path(__file__).parent / "help.txt"


def _help(command: click.Command, words: tuple[str, ...]) -> str:
    text = CliRunner().invoke(main, [*words, "--help"], prog_name="piaohao", terminal_width=100).output
    parts = [f"$ {' '.join(('piaohao', *words))} --help\n{text}"]
    if isinstance(command, click.Group):
        parts += [_help(child, (*words, name)) for name, child in command.commands.items() if not child.hidden]
    return "\n".join(parts)


def test_help_reads_as_agreed(request: pytest.FixtureRequest) -> None:
    """Change `help.txt` on purpose, by hand or by deleting it and running this once."""
    found = _help(main, ())
    if not _SNAPSHOT.exists():
        _SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == _SNAPSHOT.read_text(encoding="utf-8")


def _run(data: Path, *words: str, typed: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(main, ["--data", str(data), "--profile", "test", *words], input=typed)
    return result.exit_code, result.output


def test_a_command_without_a_data_folder_names_init(tmp_path: Path) -> None:
    code, output = _run(tmp_path / "nowhere", "users", "list")
    assert code == 1
    assert "piaohao init" in output


def test_init_can_be_repeated(tmp_path: Path) -> None:
    assert _run(tmp_path / "data", "init")[1].startswith("Made")
    assert _run(tmp_path / "data", "init")[1].startswith("Up to date")


def test_the_first_operator_is_made_and_listed(data: Path) -> None:
    made = _run(data, "users", "create", "op@example.org", "--name", "Op", "--role", "operator", "--password-stdin",
                typed=PASSWORD + "\n")  # fmt: skip
    assert made[0] == 0, made[1]
    assert "op@example.org\tOp\toperator" in _run(data, "users", "list")[1]


def test_a_weak_password_is_refused_in_a_sentence(data: Path) -> None:
    code, output = _run(data, "users", "create", "op@example.org", "--name", "Op", "--role", "operator",
                        "--password-stdin", typed="short\n")  # fmt: skip
    assert code == 1
    assert output.startswith("Error: ")
    assert "Traceback" not in output


def test_the_clock_moves_forwards_only(data: Path) -> None:
    assert _run(data, "clock", "advance", "--days", "3")[0] == 0
    assert _run(data, "clock", "advance", "--days", "-3")[0] == 2


def test_doctor_finds_an_open_data_folder(data: Path) -> None:
    assert _run(data, "doctor")[0] == 0
    data.chmod(0o755)
    code, output = _run(data, "doctor")
    assert code == 1
    assert "BAD  data folder" in output


@pytest.mark.parametrize(("name", "value"), [("PIAOHAO_PORT", "many"), ("PIAOHAO_PROFILE", "holiday")])
def test_a_setting_that_cannot_be_read_is_named(name: str, value: str) -> None:
    result = CliRunner(env={name: value}).invoke(main, ["init"])
    assert result.exit_code == 1
    assert name in result.output
