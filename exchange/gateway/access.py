"""The access log: a line of JSON for each call, gathered and written by a thread of its own.

A log that nobody takes away does not hold up calls: lines are dropped, and counted.
"""

from __future__ import annotations

import os
import threading
import time
from queue import Full, Queue
from typing import TYPE_CHECKING

from exchange.gateway.record import Outcome

if TYPE_CHECKING:
    from exchange.gateway.call import Call

_BLOCK_LINES = 256
_BLOCKS = 256
_OUTCOMES = [b""] + [outcome.text.encode() for outcome in Outcome]


class AccessLog:
    """Lines of calls, transfers and refusals. No query is written: it may name people."""

    def __init__(self, descriptor: int | None, epoch: str) -> None:
        self._descriptor = descriptor
        self.wanted = descriptor is not None
        self._epoch = epoch.encode()
        self._lines: list[bytes] = []
        self._second = -1
        self._prefix = b""
        self.dropped = 0
        self._queue: Queue[bytes | None] = Queue(_BLOCKS)
        self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
        if descriptor is not None:
            self._thread.start()

    def called(self, call: Call, outcome: Outcome, status: int) -> None:
        at_us = call.at_us
        second = at_us // 1_000_000
        if second != self._second:
            self._begin(second)
        self._add(
            b'%b%03dZ","role":"gateway","call":"%b-%d","method":"%b%b","status":%d,"outcome":"%b",'
            b'"bytes_in":%d,"bytes_out":%d,"us":%d}\n'
            % (
                self._prefix, at_us // 1000 % 1000, self._epoch, call.seq, call.method, call.grant.log, status,
                _OUTCOMES[outcome], call.bytes_in, call.bytes_out, call.latency_us,
            )
        )  # fmt: skip

    def other(self, at_us: int, seq: int, what: str, status: int, size: int = 0) -> None:
        """A refusal (its code), or a file."""
        if self._descriptor is None:
            return
        if at_us // 1_000_000 != self._second:
            self._begin(at_us // 1_000_000)
        self._add(
            b'%b%03dZ","role":"gateway","call":"%b-%d","outcome":"%b","status":%d,"bytes_out":%d}\n'
            % (self._prefix, at_us // 1000 % 1000, self._epoch, seq, what.encode(), status, size)
        )

    def _begin(self, second: int) -> None:
        self._second = second
        self._prefix = time.strftime('{"time":"%Y-%m-%dT%H:%M:%S.', time.gmtime(second)).encode()

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        if len(self._lines) >= _BLOCK_LINES:
            self.flush()

    def flush(self) -> None:
        if self._lines and self._descriptor is not None:
            try:
                self._queue.put_nowait(b"".join(self._lines))
            except Full:
                self.dropped += len(self._lines)
            self._lines = []

    def close(self) -> None:
        """Write what is left, for a moment at most."""
        if self._descriptor is not None:
            self.flush()
            try:
                self._queue.put_nowait(None)
            except Full:
                return
            self._thread.join(1.0)

    def _run(self) -> None:
        assert self._descriptor is not None
        while (block := self._queue.get()) is not None:
            view = memoryview(block)
            while view:
                try:
                    view = view[os.write(self._descriptor, view) :]
                except OSError:
                    break
