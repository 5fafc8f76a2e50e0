"""A person at the HTTP API over one kept-open connection, and the figures of many requests."""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

PREFIX = "/api/v1"


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any
    headers: dict[str, str]
    seconds: float


@dataclass
class Person:
    """Sends one request at a time; raises OSError or HTTPException when the connection breaks."""

    port: int
    token: str = ""
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """``headers`` go out with underscores as dashes; a ``bytes`` body is sent as it is."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        began = time.perf_counter()
        try:
            response = self._open().getresponse_of(method, path, body, sent)
        except BaseException:
            self.close()
            raise
        status, answer_headers, raw = response
        took = time.perf_counter() - began
        is_json = "json" in answer_headers.get("Content-Type", "")
        return Reply(status, json.loads(raw) if is_json and raw else raw, answer_headers, took)

    def must(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The body of a 2xx answer below ``/api/v1``; anything else fails."""
        reply = self.send(method, PREFIX + path, body, **headers)
        assert 200 <= reply.status < 300, (method, path, reply.status, reply.body)
        return reply.body

    def sign_in(self, email: str, password: str) -> Person:
        token = self.must("POST", "/sessions", {"email": email, "password": password})["token"]
        return Person(self.port, str(token))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> _Connection:
        if self._connection is None:
            self._connection = _Connection("127.0.0.1", self.port, timeout=30)
        assert isinstance(self._connection, _Connection)
        return self._connection


class _Connection(http.client.HTTPConnection):
    def getresponse_of(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        self.request(method, path, body, headers)
        response = self.getresponse()
        return response.status, dict(response.getheaders()), response.read()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def at_once(acts: Sequence[Callable[[], None]]) -> None:
    """Run all of them in threads of their own, begun together; raises the first failure."""
    barrier, failures = threading.Barrier(len(acts)), []

    def run(act: Callable[[], None]) -> None:
        barrier.wait()
        try:
            act()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
