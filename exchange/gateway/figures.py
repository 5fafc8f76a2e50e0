"""Counters of one process: plain numbers, told to the sidecar with each beat."""

from __future__ import annotations

from bisect import bisect_left
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
    """What this process has done since it started."""

    __slots__ = (
        "_outcomes", "_refusals", "bytes_in", "bytes_out", "connections", "file_bytes", "files", "latency",
        "latency_us", "retries",
    )  # fmt: skip

    def __init__(self) -> None:
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

    def called(self, outcome: Outcome, latency_us: int, bytes_in: int, bytes_out: int) -> None:
        self._outcomes[outcome] += 1
        self.bytes_in += bytes_in
        self.bytes_out += bytes_out
        self.latency_us += latency_us
        self.latency[bisect_left(LATENCY_BOUNDS_US, latency_us)] += 1

    def sent(self, size: int) -> None:
        self.files += 1
        self.file_bytes += size

    def refused(self, code: str) -> None:
        self._refusals[code] = self._refusals.get(code, 0) + 1

    def document(self) -> dict[str, Any]:
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
