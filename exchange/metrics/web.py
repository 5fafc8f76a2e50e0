"""What a web process counts of its requests."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from exchange.metrics.families import Buckets, Family
from exchange.metrics.files import Writer

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Counted:
    """WSGI middleware: counts answers by method and status, and how long they took to begin."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self.app = app
        self.requests: Counter[tuple[str, str]] = Counter()
        self.seconds = Buckets()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.monotonic()
        method = environ.get("REQUEST_METHOD", "")

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            self.requests[method if method in _METHODS else "other", status[:3]] += 1
            self.seconds.observe(time.monotonic() - began)
            return start_response(status, headers, exc_info)

        return self.app(environ, start)

    def families(self) -> Iterator[Family]:
        process = str(os.getpid())
        samples = tuple(
            ({"method": method, "status": status, "process": process}, count)
            for (method, status), count in sorted(self.requests.items())
        )
        yield Family("piaohao_web_requests", "counter", "Requests answered", samples)
        took = ({"process": process}, self.seconds.document())
        yield Family("piaohao_web_request_seconds", "histogram", "Time until an answer began", (took,))

    def start_writing(self, data: Path) -> None:
        """In each worker process, after the fork."""
        writer = Writer(data, "web", self.families)
        threading.Thread(target=writer.run, args=(threading.Event(),), name="figures", daemon=True).start()
