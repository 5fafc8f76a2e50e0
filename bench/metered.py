"""The stage of the campaigns with calls: an exchange with gateways, on SQLite or PostgreSQL, and callers."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.house import House
from core.settings import Settings
from exchange.app import build_house
from exchange.installation import init
from tests.servers import postgresql
from tests.servers.caller import Answer, Connection, Journal, call_until
from tests.servers.exchange import Running, eventually
from tests.servers.fast_upstream import FastUpstream


@dataclass
class Stage:
    """A house to build and to look with, the processes, and the upstream."""

    house: House
    upstream: FastUpstream
    options: dict[str, Any]
    running: Running = field(init=False)

    def start(self) -> None:
        """Start the exchange and wait until it answers."""
        self.running = Running(self.house.settings.data, **self.options)
        self.running.wait()


@contextmanager
def stage(folder: Path, database: str, *, gateways: int = 2, **options: object) -> Iterator[Stage]:
    """Not started yet: build the trade first."""
    server = postgresql.start() if database == "postgresql" else None
    try:
        url = postgresql.create_database(server.url("postgres"), "bench") if server else ""
        with FastUpstream() as upstream:
            settings = Settings(
                data=folder / "data", profile="test", database_url=url, gateway_workers=gateways,
                upstream_allow=upstream.address,
            )  # fmt: skip
            init(settings)
            given = {
                "profile": "test", "web_workers": 1, "gateway_workers": gateways, "database_url": url,
                "upstream_allow": upstream.address,
            }  # fmt: skip
            made = Stage(build_house(dataclasses.replace(settings)), upstream, given | options)
            try:
                yield made
            finally:
                if hasattr(made, "running"):
                    made.running.kill()
                made.house.db.engine.dispose()
    finally:
        if server is not None:
            server.stop()


@dataclass
class Load:
    """So many connections that call without end, in a thread with a loop of its own."""

    port: int
    key: str
    path: Callable[[str], str]
    connections: int
    pause_s: float = 0.0
    kinds: tuple[str, ...] = ("hit", "hit", "hit", "miss", "slow", "broken")
    journal: Journal = field(default_factory=Journal)
    stopping: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)
    """Before its first call."""

    def __enter__(self) -> Load:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every connection finish the call it is at."""
        self.stopping.set()
        self._thread.join(30)

    async def _run(self) -> None:
        self.began = time.monotonic()
        await asyncio.gather(*(self._connection(number) for number in range(self.connections)))

    async def _connection(self, number: int) -> None:
        chosen = random.Random(number)
        connection = Connection(self.port, self.key)

        def path(count: int) -> str:
            return self.path(f"{chosen.choice(self.kinds)}-{number}-{count}")

        await call_until(self.stopping.is_set, connection, self.journal, path, self.pause_s)


@dataclass
class Probe:
    """One call at a time, to see whether calls are answered; what arrives is in its journal."""

    key: str
    path: str
    journal: Journal = field(default_factory=Journal)

    def served(self, running: Running) -> bool:
        """Whether a call is answered by the upstream."""

        async def work() -> Answer:
            connection = Connection(running.gateway_port, self.key)
            try:
                return await asyncio.wait_for(connection.get(self.path), 5)
            finally:
                connection.close()

        try:
            answer = asyncio.run(work())
        except (OSError, EOFError, TimeoutError):
            return False
        self.journal.note(answer)
        return answer.status == 200

    def until_served(self, running: Running) -> None:
        assert eventually(lambda: self.served(running)), running.log.read_text(errors="replace")[-4000:]


def verdict(faults: list[str], well: str) -> None:
    """Print what is wrong, or that all is well; end with 1 when something is."""
    for fault in faults:
        print(f"FAULT {fault}")
    print(well if not faults else f"{len(faults)} faults")
    raise SystemExit(bool(faults))
