"""A developer's program: calls interfaces through the gateway, and keeps its own count of what was answered."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from exchange.demo.player.client import Reply, read

_PATIENCE_S = 30.0
_SHOWN = ("ratelimit", "ratelimit-policy", "ratelimit-remaining", "retry-after", "call-id")


@dataclass
class Program:
    """Calls one interface with one credential on one connection; ``counts`` are its own, by what came back."""

    gateway: str
    listing_id: str
    credential: str
    purpose: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    _connection: http.client.HTTPConnection | None = None

    def call(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Reply:
        """One call, with a body as JSON."""
        sent, content = self._head(body), _content(body)
        sent.update(headers or {})
        connection = self._connected()
        try:
            connection.request(method, self._target(path), content, sent)
            reply = read(connection.getresponse(), f"{method} {path}")
        except (http.client.HTTPException, OSError):
            self.close()
            raise
        self.counts[reply.code or str(reply.status)] += 1
        return reply

    def abandon(self, method: str, path: str) -> None:
        """Begin a call and hang up when the answer has begun."""
        parts = urlsplit(self.gateway)
        head = "".join(f"{name}: {value}\r\n" for name, value in self._head(None).items())
        with socket.create_connection((parts.hostname or "", parts.port or 80), _PATIENCE_S) as connection:
            connection.sendall(f"{method} {self._target(path)} HTTP/1.1\r\nHost: demo\r\n{head}\r\n".encode())
            connection.recv(1024)
        self.counts["abandoned"] += 1

    def burst(self, count: int, method: str, path: str, body: object = None) -> Counter[str]:
        """So many calls as fast as eight connections can."""
        others = [Program(self.gateway, self.listing_id, self.credential, self.purpose) for _ in range(8)]
        threads = [
            threading.Thread(target=_repeat, args=(other, count // 8 + (n < count % 8), method, path, body))
            for n, other in enumerate(others)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = sum((other.counts for other in others), Counter[str]())
        self.counts.update(found)
        return found

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _target(self, path: str) -> str:
        return f"{urlsplit(self.gateway).path}/i/{self.listing_id}{path}"

    def _head(self, body: object) -> dict[str, str]:
        sent = {"Authorization": f"Bearer {self.credential}"} if self.credential else {}
        if self.purpose:
            sent["Data-Purpose"] = self.purpose
        if body is not None:
            sent["Content-Type"] = "application/json"
        return sent

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            parts = urlsplit(self.gateway)
            self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)
        return self._connection


class Traffic:
    """Calls one after the other until it is left; remembers when each answer came first and last."""

    def __init__(self, calling: Program, method: str, path: str, body: object = None) -> None:
        self.program = calling
        self.codes: Counter[str] = Counter()
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self._call = method, path, body
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            reply = self.program.call(*self._call)
            name = reply.code or str(reply.status)
            self.codes[name] += 1
            self.first.setdefault(name, time.monotonic())
            self.last[name] = time.monotonic()


def shown(reply: Reply) -> str:
    """Status, code and what the headers say of limits, on one line."""
    told = ", ".join(f"{name}: {reply.headers[name]}" for name in _SHOWN if name in reply.headers)
    return f"{reply.status} {reply.code} [{told}]".replace("  ", " ")


def _repeat(program: Program, count: int, method: str, path: str, body: object) -> None:
    for _ in range(count):
        program.call(method, path, body)
    program.close()


def _content(body: object) -> bytes | None:
    return None if body is None else json.dumps(body, ensure_ascii=False).encode()
