"""``piaohao serve``: one machine's exchange. Migrates once, starts every role's process, restarts what dies.

The supervisor holds the listening sockets, so connections wait instead of being refused while web or a
gateway is restarted. Each child's standard input is a pipe from here: when this process is gone, killed
even, they see its end and stop. SIGTERM drains and stops everything, sidecar and loader last: they settle
what the gateways have left.
"""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import FrameType

from core.settings import Settings
from exchange import logs
from exchange.installation import CannotStart, Lock, init
from exchange.sidecar.place import socket_path

log = logging.getLogger("piaohao.supervisor")

_SHORTEST_LIFE_S = 5.0
_LONGEST_PAUSE_S = 10.0
_STOP_WITHIN_S = 15.0
_PORT_PATIENCE_S = 3.0  # a web role whose supervisor was killed needs a moment to let go of the port


@dataclass
class Child:
    """One role's process, and how often in a row it died young. ``last``: it is stopped when the others have ended."""

    role: str
    command: list[str]
    pass_fds: tuple[int, ...] = ()
    last: bool = False
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    due_at: float = 0.0
    early_deaths: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, pass_fds=self.pass_fds, start_new_session=True
        )
        self.started_at = time.monotonic()
        log.info("%s started, pid %d", self.role, self.process.pid)

    def mourn(self) -> None:
        """Note a death and plan the restart: at once, later each time it dies young."""
        assert self.process is not None
        code, lived = self.process.returncode, time.monotonic() - self.started_at
        self.early_deaths = self.early_deaths + 1 if lived < _SHORTEST_LIFE_S else 0
        pause = min(_LONGEST_PAUSE_S, 0.1 * 2**self.early_deaths) if self.early_deaths else 0.0
        log.warning("%s ended with %s after %.1f s; starts again in %.1f s", self.role, code, lived, pause)
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process, self.due_at = None, time.monotonic() + pause

    def tend(self) -> None:
        """Start it when it is due, notice when it has died."""
        if self.process is None:
            if time.monotonic() >= self.due_at:
                self.start()
        elif self.process.poll() is not None:
            self.mourn()

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def stop(self, give_up_at: float) -> None:
        """Wait for the end that SIGTERM has asked for; kill it when it takes too long."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, give_up_at - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop in time and is killed", self.role)
            self.process.kill()
            self.process.wait()


@dataclass
class Supervisor:
    """The children, tended until somebody asks to stop."""

    children: list[Child]
    stopping: bool = False
    _signal: int | None = field(default=None)

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        while not self.stopping:
            for child in self.children:
                child.tend()
            time.sleep(0.05)
        self._stop()

    def _ask_to_stop(self, number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _stop(self) -> None:
        log.info("stopping: requests under way are finished")
        for last in (False, True):
            stage = [child for child in self.children if child.last is last]
            for child in stage:
                child.ask_to_stop()
            give_up_at = time.monotonic() + _STOP_WITHIN_S
            for child in stage:
                child.stop(give_up_at)
        log.info("stopped")


def serve(settings: Settings, announce: Callable[[], None] = lambda: None) -> None:
    """Run the exchange until SIGTERM or SIGINT. Raises CannotStart, saying what to change.

    ``announce`` is called once the port is ours, before the children start.
    """
    logs.configure("supervisor")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock.take(settings.data)
    try:
        with ExitStack() as held:
            web = held.enter_context(listen(settings.host, settings.port))
            gateway = held.enter_context(listen(*_gateway_place(settings))) if settings.gateway_workers else None
            init(settings)
            announce()
            Supervisor(_children(settings, web.fileno(), gateway.fileno() if gateway else None)).run()
    finally:
        lock.release()


def _gateway_place(settings: Settings) -> tuple[str, int, str]:
    return settings.host, settings.gateway_port, "PIAOHAO_GATEWAY_PORT"


def _children(settings: Settings, web: int, gateway: int | None) -> list[Child]:
    program = [sys.executable, "-m", "exchange", "--data", str(settings.data), "--profile", settings.profile, "role"]
    children = [
        Child("web", [*program, "web", "--bind", f"fd://{web}"], (web,)),
        *(Child(role, [*program, role]) for role in ("worker", "jobs")),
    ]
    if gateway is None:
        return children
    children += [Child(role, [*program, role], last=True) for role in ("sidecar", "loader")]
    command = _gateway_command(settings, gateway)
    return children + [Child(f"gateway {n}", command, (gateway,)) for n in range(1, settings.gateway_workers + 1)]


def _gateway_command(settings: Settings, descriptor: int) -> list[str]:
    """Not by way of the command line: a gateway process loads nothing that it does not need."""
    return [
        sys.executable, "-m", "exchange.gateway", "--data", str(settings.data), "--profile", settings.profile,
        "--bind", f"fd://{descriptor}", "--socket", str(socket_path(settings.data)),
    ]  # fmt: skip


def listen(host: str, port: int, setting: str = "PIAOHAO_PORT") -> socket.socket:
    """The socket that people connect to. Raises CannotStart when the port stays taken."""
    give_up_at = time.monotonic() + _PORT_PATIENCE_S
    while True:
        try:
            return socket.create_server((host, port), backlog=1024, reuse_port=False)
        except OSError as error:
            if time.monotonic() > give_up_at:
                raise CannotStart(
                    f"Port {port} on {host} cannot be had ({error.strerror or error}). "
                    f"Set {setting} to a free one, for example {setting}={port + 10}."
                ) from None
            time.sleep(0.1)
