"""Web workers as real processes: connections that stay open are spread evenly, also after a worker was killed."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from exchange.installation import init
from tests.servers.exchange import Running, eventually
from tests.servers.processes import children

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
WORKERS = 3


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    init(Settings(data=tmp_path / "data", profile="test", gateway_workers=0))
    exchange = Running(tmp_path / "data", web_workers=WORKERS, profile="test")
    try:
        exchange.wait()
        assert eventually(lambda: len(workers(exchange)) == WORKERS)
        yield exchange
        assert exchange.stop() == 0
    finally:
        exchange.kill()


class Caller:
    """Asks over one connection, and over a new one when the server has ended it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self) -> int:
        self._connection.request("GET", "/api/v1/openapi.json")
        response = self._connection.getresponse()
        response.read()
        return response.status

    def close(self) -> None:
        self._connection.close()


def workers(running: Running) -> set[int]:
    return set(children(running.children()["web"]))


def spread(running: Running) -> list[int]:
    """How many connections each worker has."""
    here = set(_established(running.port))
    return sorted(len(here & _sockets(pid)) for pid in workers(running))


def test_connections_are_spread_evenly_and_again_when_others_have_come(running: Running) -> None:
    with callers(running) as first:
        assert eventually(lambda: asked(first) and spread(running) == [2, 2, 2])
    away = sorted(workers(running))[1:]
    for pid in away:
        os.kill(pid, signal.SIGSTOP)
    with callers(running) as second:
        assert asked(second), "nobody waits for workers that hang"
        assert spread(running) == [0, 0, 1], "the one that works keeps a place for others open"
        for pid in away:
            os.kill(pid, signal.SIGCONT)
        assert eventually(lambda: asked(second) and spread(running) == [2, 2, 2])


@contextlib.contextmanager
def callers(running: Running) -> Iterator[list[Caller]]:
    opened = [Caller(running.port) for _ in range(2 * WORKERS)]
    yield opened
    for caller in opened:
        caller.close()
    assert eventually(lambda: spread(running) == [0, 0, 0])


def asked(some: list[Caller]) -> bool:
    return {caller.ask() for caller in some} == {200}


def _established(port: int) -> Iterator[str]:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == "01":
            yield fields[9]


def _sockets(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(descriptor.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found
