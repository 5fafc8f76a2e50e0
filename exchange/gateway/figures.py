"""Counters of one process: plain numbers, told to the sidecar with each beat."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from typing import Any

from exchange.gateway.record import Outcome

LATENCY_BOUNDS_US = (
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    10_000_000,
)


class Figures:
    """What this process has done since it started.

    Calls are noted (outcome, latency, bytes in and out) and added up now and then, many at once.
    """

    __slots__ = (
        "_outcomes", "_refusals", "bytes_in", "bytes_out", "connections", "file_bytes", "files", "latency",
        "latency_us", "noted", "retries",
    )  # fmt: skip

    def __init__(self) -> None:
        self.noted: list[tuple[Outcome, int, int, int]] = []
        self._outcomes = [0] * (max(Outcome) + 1)
        self._refusals: dict[str, int] = {}
        self.bytes_in = 0
        self.bytes_out = 0
        self.connections = 0
        self.files = 0
        self.file_bytes = 0
        self.retries = 0
        self.latency_us = 0
        self.latency = [0] * (len(LATENCY_BOUNDS_US) + 1)

    def gather(self) -> None:
        """Add up the calls that were noted since the last time."""
        noted = self.noted
        if not noted:
            return
        self.noted = []
        outcomes, latencies, bytes_in, bytes_out = zip(*noted, strict=True)
        for outcome, count in Counter(outcomes).items():
            self._outcomes[outcome] += count
        self.bytes_in += sum(bytes_in)
        self.bytes_out += sum(bytes_out)
        self.latency_us += sum(latencies)
        ordered, below = sorted(latencies), 0
        for place, bound in enumerate(LATENCY_BOUNDS_US):
            up_to = bisect_right(ordered, bound)
            self.latency[place] += up_to - below
            below = up_to
        self.latency[-1] += len(ordered) - below

    def sent(self, size: int) -> None:
        self.files += 1
        self.file_bytes += size

    def refused(self, code: str) -> None:
        self._refusals[code] = self._refusals.get(code, 0) + 1

    def document(self) -> dict[str, Any]:
        self.gather()
        return {
            "calls": {outcome.text: self._outcomes[outcome] for outcome in Outcome},
            "refusals": dict(self._refusals),
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "connections": self.connections,
            "files": self.files,
            "file_bytes": self.file_bytes,
            "retries": self.retries,
            "latency_us": {"bounds": list(LATENCY_BOUNDS_US), "counts": list(self.latency), "sum": self.latency_us},
        }
