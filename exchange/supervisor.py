"""``piaohao serve``: one machine's exchange, or some of its roles. Starts every role's process, restarts what dies.

The supervisor holds the listening sockets, so connections wait instead of being refused while web or a
gateway is restarted; asked to stop, it closes them first, so that whatever stands in front goes elsewhere
at once. Each child's standard input is a pipe from here: when this process is gone, killed even, they see
its end and stop. SIGTERM drains and stops everything, sidecar and loader last: they settle what the
gateways have left.
"""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import FrameType

from core.settings import Settings
from exchange import logs
from exchange.installation import ROLES, CannotStart, Lock, init, wait_until_current
from exchange.sidecar.place import socket_path

log = logging.getLogger("piaohao.supervisor")

_SHORTEST_LIFE_S = 5.0
_LONGEST_PAUSE_S = 10.0
_STOP_WITHIN_S = 15.0
_MIGRATED_WITHIN_S = 60.0
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
    listening: list[socket.socket] = field(default_factory=list)
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
        for each in self.listening:
            each.close()
        for last in (False, True):
            stage = [child for child in self.children if child.last is last]
            for child in stage:
                child.ask_to_stop()
            give_up_at = time.monotonic() + _STOP_WITHIN_S
            for child in stage:
                child.stop(give_up_at)
        log.info("stopped")


def serve(settings: Settings, announce: Callable[[], None] = lambda: None, roles: Collection[str] = ROLES) -> None:
    """Run these roles until SIGTERM or SIGINT. Raises CannotStart, saying what to change.

    ``announce`` is called once the ports are ours, before the children start. Where the worker is, the database is
    migrated; the other roles wait until it is.
    """
    logs.configure("supervisor")
    if not settings.gateway_workers and "gateway" in roles and roles != ROLES:
        raise CannotStart("The role gateway needs PIAOHAO_GATEWAY_WORKERS of at least 1.")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as held:
        held.callback(Lock.take(settings.data, roles).release)
        web = held.enter_context(listen(settings.host, settings.port)) if "web" in roles else None
        gateway = None
        if "gateway" in roles and settings.gateway_workers:
            gateway = held.enter_context(listen(settings.host, settings.gateway_port, "PIAOHAO_GATEWAY_PORT"))
        if "worker" in roles:
            init(settings)
        else:
            wait_until_current(settings, _MIGRATED_WITHIN_S)
        announce()
        listening = [each for each in (web, gateway) if each is not None]
        Supervisor(_children(settings, roles, web, gateway), listening).run()


def _children(
    settings: Settings, roles: Collection[str], web: socket.socket | None, gateway: socket.socket | None
) -> list[Child]:
    program = [sys.executable, "-m", "exchange", "--data", str(settings.data), "--profile", settings.profile, "role"]
    children = [Child(role, [*program, role]) for role in ("worker", "jobs") if role in roles]
    if web is not None:
        children.insert(0, Child("web", [*program, "web", "--bind", f"fd://{web.fileno()}"], (web.fileno(),)))
    if gateway is None:
        return children
    children += [Child(role, [*program, role], last=True) for role in ("sidecar", "loader")]
    command, inherited = _gateway_command(settings, gateway.fileno()), (gateway.fileno(),)
    return children + [Child(f"gateway {n}", command, inherited) for n in range(1, settings.gateway_workers + 1)]


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
