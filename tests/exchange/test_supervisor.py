"""The supervisor with real processes: it serves, restarts what dies, drains, and its children never outlive it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.servers.exchange import PATIENCE_S, Running, eventually, free_port


@pytest.fixture
def running(tmp_path: Path, database_url: str) -> Iterator[Running]:
    started = Running(tmp_path / "data", database_url=database_url, profile="test", web_workers=1)
    started.wait()
    yield started
    started.kill()


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_dies_is_started_again_and_sigterm_stops_everything(running: Running) -> None:
    for role in ("web", "worker", "jobs"):
        before = running.children()[role]
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda role=role, before=before: running.children()[role] != before)  # type: ignore[misc]
        assert eventually(running.answers)
    children = running.children()
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0
    assert all(_gone(pid) for pid in children.values())
    said = running.log.read_text().splitlines()
    assert any('"logger": "gunicorn.error"' in line for line in said)
    assert [line for line in said if line.startswith("[")] == [], "gunicorn has no log of its own"


def test_its_folder_is_its_own_and_its_children_end_when_it_is_killed(running: Running) -> None:
    done = _serve(running.data, PIAOHAO_PORT=str(free_port()))
    assert done.returncode == 1
    assert "Another exchange is running" in done.stderr
    children = running.children()
    running.kill()
    assert eventually(lambda: all(_gone(pid) for pid in children.values()))
    assert eventually(lambda: not running.answers())


def _serve(data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "exchange", "--data", str(data), "serve"]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def test_a_taken_port_is_told_with_the_setting_to_change(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _serve(tmp_path / "data", PIAOHAO_PORT=str(port), PIAOHAO_DATABASE_URL=database_url)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "PIAOHAO_PORT" in done.stderr
