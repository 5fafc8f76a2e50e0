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


@pytest.mark.parametrize("role", ["web", "worker"])
def test_what_dies_is_started_again(running: Running, role: str) -> None:
    before = running.children()[role]
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: running.children()[role] != before)
    assert eventually(running.answers)


def test_sigterm_stops_everything_cleanly(running: Running) -> None:
    children = running.children()
    running.process.terminate()
    assert running.process.wait(PATIENCE_S) == 0
    assert all(_gone(pid) for pid in children.values())


def test_children_end_when_the_supervisor_is_killed(running: Running) -> None:
    children = running.children()
    running.process.kill()
    running.process.wait()
    assert eventually(lambda: all(_gone(pid) for pid in children.values()))
    assert eventually(lambda: not running.answers())


def test_a_taken_port_is_told_with_the_setting_to_change(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "exchange", "--data", str(tmp_path / "data"), "serve"],
            cwd=ROOT, env=os.environ | {"PIAOHAO_PORT": str(port), "PIAOHAO_DATABASE_URL": database_url},
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "PIAOHAO_PORT" in done.stderr


def test_two_supervisors_do_not_share_a_data_folder(running: Running, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exchange", "--data", str(tmp_path / "data"), "serve"],
        cwd=ROOT, env=os.environ | {"PIAOHAO_PORT": str(free_port())},
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Another exchange is running" in done.stderr
