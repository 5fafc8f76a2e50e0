"""An exchange with real processes: one supervisor on free ports, with web and worker, and gateways when asked for."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.request import urlopen

from exchange.stage import answers

ROOT = Path(__file__).parents[2]
PATIENCE_S = 120.0
_STARTED = re.compile(r'"text": "([a-z0-9 ]+) started, pid (\d+)"')


def eventually(holds: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    """Whether it holds at some moment before the time is up."""
    give_up_at = time.monotonic() + within_s
    while time.monotonic() < give_up_at:
        if holds():
            return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """``piaohao serve`` in a process of its own; settings are given as keywords (``web_workers=4``).

    With ``roles`` it serves only those.
    """

    def __init__(self, data: Path, *, roles: Sequence[str] = (), **settings: object) -> None:
        self.data, self.roles = data, roles
        self.port = int(str(settings.setdefault("port", free_port())))
        self.gateway_port = int(str(settings.setdefault("gateway_port", free_port())))
        self.metrics_port = int(str(settings.setdefault("metrics_port", free_port())))
        settings.setdefault("gateway_workers", 0)
        self.log = data.parent / f"{data.name}.log"
        self._read_to = 0
        self._children: dict[str, int] = {}
        given = {f"PIAOHAO_{name.upper()}": str(value) for name, value in settings.items()}
        self._environment = os.environ | given
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "exchange", "--data", str(self.data), "serve", *self._chosen()],
                cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def _chosen(self) -> list[str]:
        return [word for role in self.roles for word in ("--role", role)]

    def wait(self) -> None:
        """Until it answers. Fails with its log when it does not."""
        assert eventually(self.answers), self.log.read_text()[-4000:]

    def answers(self) -> bool:
        web = "web" in self.roles or not self.roles
        return answers("127.0.0.1", self.port) if web else self.gateway_serves()

    def gateway_serves(self) -> bool:
        """Whether one of its gateways would take a call."""
        try:
            with urlopen(f"http://127.0.0.1:{self.gateway_port}/healthz", timeout=5) as answer:
                return int(answer.status) == 200
        except OSError:
            return False

    def command(self, *words: str, typed: str = "") -> str:
        """Run another command of ``piaohao`` on the same data folder; answers what it printed."""
        done = self.run(*words, typed=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """The same for commands that may fail."""
        return subprocess.run(
            [sys.executable, "-m", "exchange", "--data", str(self.data), *words],
            cwd=ROOT, env=self._environment, input=typed, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def children(self) -> dict[str, int]:
        """Role → pid of the newest process started for it."""
        with self.log.open("rb") as log:
            log.seek(self._read_to)
            whole = log.read().rpartition(b"\n")[0]
        self._read_to += len(whole)
        self._children |= {role: int(pid) for role, pid in _STARTED.findall(whole.decode(errors="replace"))}
        return dict(self._children)

    def stop(self) -> int:
        """Ask it to stop and wait; answers its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """End it at once, if it has not ended; its children see that and end too."""
        self.process.kill()
        self.process.wait()
