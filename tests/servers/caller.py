"""A client of the gateway that counts for itself: what arrived whole, under which call id, and what was refused."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """One whole answer."""

    status: int
    call_id: str
    code: str
    body: bytes
    at: float


@dataclass
class Journal:
    """Answers that were delivered to this client, and what else became of its requests."""

    delivered: dict[str, int] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    broken: int = 0
    latest: float = math.inf
    silences: list[float] = field(default_factory=list)
    """Each longer than a second: what the machine had no time for was not offered."""

    def note(self, answer: Answer) -> None:
        if answer.at - self.latest > 1.0:
            self.silences.append(answer.at - self.latest)
        self.latest = answer.at
        if answer.code:
            self.refused[answer.code] += 1
        elif answer.call_id in self.delivered:
            self.doubled.append(answer.call_id)
        else:
            self.delivered[answer.call_id] = answer.status


class Connection:
    """One kept-open connection; opened again when it breaks."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self.use(key)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def use(self, key: str) -> None:
        """Send this key from now on."""
        self._head = f"Host: 127.0.0.1:{self._port}\r\nAuthorization: Bearer {key}\r\n\r\n"

    async def get(self, path: str) -> Answer:
        """The whole answer. Raises OSError or EOFError when the connection breaks before that."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            self._writer.write(f"GET {path} HTTP/1.1\r\n{self._head}".encode())
            return await self._read()
        except BaseException:
            self.close()
            raise

    async def _read(self) -> Answer:
        assert self._reader is not None
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(head[0].split(" ", 2)[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await self._reader.readexactly(int(fields.get("content-length", "0")))
        code = json.loads(body)["code"] if "problem+json" in fields.get("content-type", "") else ""
        if fields.get("connection") == "close":
            self.close()
        return Answer(status, fields.get("call-id", ""), code, body, time.monotonic())

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


async def call_until(
    stop: Callable[[], bool], connection: Connection, journal: Journal, path: Callable[[int], str], pause_s: float = 0.0
) -> None:
    """Call after call on one connection; what breaks is counted and begun anew."""
    number = 0
    while not stop():
        number += 1
        try:
            journal.note(await connection.get(path(number)))
        except (OSError, EOFError, asyncio.IncompleteReadError):
            journal.broken += 1
            await asyncio.sleep(0.02)
        if pause_s:
            await asyncio.sleep(pause_s)
    connection.close()
