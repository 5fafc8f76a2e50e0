"""The demonstration's upstream in a thread of the test's process: it really answers, to whoever knows its secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from exchange.demo.upstream.server import Server


@dataclass(frozen=True)
class Upstream:
    """Where it answers, and what it demands."""

    url: str
    secret: str

    @property
    def address(self) -> str:
        """As ``upstream_allow`` has it."""
        return self.url.removeprefix("http://")


@contextmanager
def answering(secret: str = "the-secret-of-the-upstream") -> Iterator[Upstream]:
    """Answers on a free port of the loopback until it is left."""
    server = Server(0, secret)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Upstream(server.url, secret)
    finally:
        server.shutdown()
        server.server_close()
