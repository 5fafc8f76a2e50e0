"""What `deploy/` starts exists: its commands, roles and settings; systemd and Compose can read it where they are."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from core.settings import Settings
from exchange.cli import main

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KNOWN = {f"PIAOHAO_{field.name.upper()}" for field in dataclasses.fields(Settings)}


def _parses(words: list[str]) -> None:
    """Fails unless the command line takes these words; nothing of it is run."""
    command: click.Command = main
    context = click.Context(main, info_name="piaohao", **main.context_settings)
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(context, name)
        assert found is not None, name
        command = found
    command.make_context(command.name or "", words, parent=context)  # commands keep their parent's help options


def _after_program(line: str) -> list[str]:
    words = shlex.split(line.replace("$(date -u +%%Y-%%m-%%dT%%H%%M%%SZ)", "backup"))
    return words[words.index("exchange") + 1 :]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_start_commands_that_exist(unit: Path) -> None:
    text = unit.read_text("utf-8")
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    if line.startswith("/bin/sh"):
        line = shlex.split(line)[2]
    for role in ("web", "worker", "jobs", "gateway"):
        _parses(_after_program(line.replace("%i", role)))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd not run: there is no systemd-analyze")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    for unit in (*UNITS, DEPLOY / "systemd" / "piaohao-backup.timer"):
        text = unit.read_text("utf-8").replace("/opt/piaohao/.venv/bin/python", "/bin/true")
        text = re.sub(r"^(EnvironmentFile|WorkingDirectory|User|Group)=.*\n", "", text, flags=re.MULTILINE)
        (tmp_path / unit.name.replace("@.", "@web.")).write_text(text)
    names = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False,
        env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "piaohao" in line]
    assert ours == [], done.stderr


def _compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return document


def test_compose_starts_every_role_with_commands_and_settings_that_exist() -> None:
    services = _compose()["services"]
    assert set(services) == {"database", "worker", "jobs", "web", "gateway"}
    for name, service in services.items():
        if name == "database":
            continue
        assert service["command"] == ["serve", "--role", name]
        _parses(list(service["command"]))
        test = service["healthcheck"]["test"]
        _parses(test[test.index("exchange") + 1 :])
        assert service["environment"].keys() <= KNOWN
        assert service["environment"]["PIAOHAO_PROFILE"] == "production"


def test_the_sample_settings_exist_and_can_be_read() -> None:
    pairs = [
        line.split("=", 1)
        for line in (DEPLOY / "piaohao.env").read_text("utf-8").splitlines()
        if line[:1] not in ("#", "")
    ]
    assert {name for name, _ in pairs} <= KNOWN
    assert Settings.from_environment(environ=dict(pairs)).production


@pytest.mark.skipif(shutil.which("docker") is None, reason="Compose not run: there is no docker")
def test_compose_reads_its_file() -> None:
    needed = {"POSTGRES_PASSWORD": "x", "PIAOHAO_PUBLIC_URL": "https://exchange.example", "PIAOHAO_LOG_ORIGIN": "e/log"}
    done = subprocess.run(
        ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config", "--format", "json"],
        capture_output=True, text=True, check=False, env=os.environ | needed,
    )  # fmt: skip
    if "is not a docker command" in done.stderr or "unknown" in done.stderr:
        pytest.skip("Compose not run: this docker has no compose")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["services"]) == 5
