"""What goes wrong when a test asks for it: before the effect, after it, or for everybody for a while."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tests.stripe.errors import Refused

KINDS = ("close", "500", "429", "timeout", "wait")


class HungUp(Exception):
    """The connection is closed without an answer."""


@dataclass
class Fault:
    """``path`` is a pattern (``/v1/refunds*``). After ``skip`` requests that match, ``count`` of them are hit."""

    kind: str
    when: str = "before"
    method: str = "*"
    path: str = "/v1/*"
    count: int = 1
    skip: int = 0
    seconds: float = 0.0
    let_go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.when not in ("before", "after"):
            raise ValueError(f"a fault is one of {', '.join(KINDS)}, before or after")

    def hits(self, method: str, path: str) -> bool:
        if self.count < 1 or not fnmatchcase(path, self.path) or self.method not in ("*", method):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.count -= 1
        return True

    def strike(self) -> None:
        """Raises HungUp or Refused; ``wait`` only takes its time, until all faults are cleared."""
        self.let_go.wait(self.seconds)
        if self.kind in ("close", "timeout"):
            raise HungUp
        if self.kind == "500":
            raise Refused("An unknown error occurred.", status=500, kind="api_error", validation=True)
        if self.kind == "429":
            raise Refused(
                "Request rate limit exceeded. You can learn more about rate limits here"
                " https://stripe.com/docs/rate-limits.",
                status=429, code="rate_limit", validation=True,
            )  # fmt: skip


class Faults:
    """Those that are still to come; kept in memory only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._down_until = 0.0
        self._let_go = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            fault.let_go = self._let_go
            self._waiting.append(fault)

    def clear(self) -> int:
        """Answers how many had not struck yet."""
        with self._lock:
            left = sum(fault.count for fault in self._waiting)
            self._waiting, self._down_until = [], 0.0
            self._let_go.set()
            self._let_go = threading.Event()
        return left

    def go_down(self, seconds: float) -> None:
        self._down_until = time.monotonic() + seconds

    def down(self) -> bool:
        return time.monotonic() < self._down_until

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self._waiting if fault.hits(method, path)), None)
