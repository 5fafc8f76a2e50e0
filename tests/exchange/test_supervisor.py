"""The supervisor with real processes: it serves, restarts what dies, drains, and its children never outlive it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exchange.stage import answers
from tests.architecture.sources import ROOT

_PATIENCE_S = 30.0


def _eventually(holds: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_at:
        if holds():
            return True
        time.sleep(0.05)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One supervisor in a process of its own, on SQLite or on the test's PostgreSQL."""

    def __init__(self, data: Path, database_url: str) -> None:
        self.port = _free_port()
        self.log = data.parent / "log"
        environment = os.environ | {
            "PIAOHAO_PORT": str(self.port), "PIAOHAO_DATABASE_URL": database_url, "PIAOHAO_WEB_WORKERS": "1",
            "PIAOHAO_PROFILE": "test",
        }  # fmt: skip
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "exchange", "--data", str(data), "serve"],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def answers(self) -> bool:
        return answers("127.0.0.1", self.port)

    def children(self) -> dict[str, int]:
        """Role → pid of the newest process started for it."""
        found: dict[str, int] = {}
        for line in self.log.read_text().splitlines():
            for role in ("web", "worker"):
                if f'"{role} started, pid ' in line:
                    found[role] = int(line.partition(f"{role} started, pid ")[2].split('"')[0])
        return found


@pytest.fixture
def running(tmp_path: Path, database_url: str) -> Iterator[Running]:
    started = Running(tmp_path / "data", database_url)
    assert _eventually(started.answers), started.log.read_text()
    yield started
    started.process.kill()
    started.process.wait()


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
    assert _eventually(lambda: running.children()[role] != before)
    assert _eventually(running.answers)


def test_sigterm_stops_everything_cleanly(running: Running) -> None:
    children = running.children()
    running.process.terminate()
    assert running.process.wait(_PATIENCE_S) == 0
    assert all(_gone(pid) for pid in children.values())


def test_children_end_when_the_supervisor_is_killed(running: Running) -> None:
    children = running.children()
    running.process.kill()
    running.process.wait()
    assert _eventually(lambda: all(_gone(pid) for pid in children.values()))
    assert _eventually(lambda: not running.answers())


def test_a_taken_port_is_told_with_the_setting_to_change(tmp_path: Path, database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "exchange", "--data", str(tmp_path / "data"), "serve"],
            cwd=ROOT, env=os.environ | {"PIAOHAO_PORT": str(port), "PIAOHAO_DATABASE_URL": database_url},
            capture_output=True, text=True, timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr
    assert "PIAOHAO_PORT" in done.stderr


def test_two_supervisors_do_not_share_a_data_folder(running: Running, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exchange", "--data", str(tmp_path / "data"), "serve"],
        cwd=ROOT, env=os.environ | {"PIAOHAO_PORT": str(_free_port())},
        capture_output=True, text=True, timeout=_PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Another exchange is running" in done.stderr
