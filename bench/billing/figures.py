"""What a stretch of work took, by the wall and by processors, printed with its ratio to a peer's."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgresql import Server

_TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _CUTIME, _CSTIME = range(11, 15)
Reader = Callable[[], float]
"""Seconds of CPU that something has used so far."""


@dataclass
class Took:
    """So many ``units`` of work, and what they took; filled in when the work is done."""

    units: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def per_second(self) -> float:
        return self.units / max(self.seconds, 1e-9)

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU for one unit."""
        return self.cpu * 1e6 / max(self.units, 1)

    def plus(self, other: Took) -> Took:
        """Both pieces of work, of which this one's units count."""
        return Took(self.units, self.seconds + other.seconds, self.cpu + other.cpu)


@contextmanager
def measured(units: int = 0, *others: Reader) -> Iterator[Took]:
    """Times the block: this process, and the CPU of whoever else works for it."""
    took, before = Took(units), sum(read() for read in others)
    began, mine = time.perf_counter(), time.process_time()
    yield took
    took.seconds, took.cpu = time.perf_counter() - began, time.process_time() - mine
    took.cpu += sum(read() for read in others) - before


def cpu_of(server: Server) -> Reader:
    """The CPU of a database server with all of its processes, those that have ended too."""
    number = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])

    def read() -> float:
        own, ended = _ticks(number)
        return (own + ended + sum(_ticks(child)[0] for child in _children(number))) / _TICKS

    return read


def _children(number: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()]


def _ticks(number: int) -> tuple[int, int]:
    """What a process used, and what its ended children did; nothing of one that is gone."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0, 0
    return int(fields[_UTIME]) + int(fields[_STIME]), int(fields[_CUTIME]) + int(fields[_CSTIME])


def show(chapter: str, what: str, unit: str, took: Took, beside: Took | None = None) -> None:
    """One line: how fast, the CPU of a unit, and of both how it stands beside a peer's (more is better for us)."""
    line = f"{chapter:8} {what:52} {took.per_second:12,.0f} {unit}/s  {took.cpu_us:10,.2f} µs of CPU each"
    if beside is not None:
        ratios = took.per_second / beside.per_second, beside.cpu_us / max(took.cpu_us, 1e-9)
        line += f"  {ratios[0]:,.2f} × the peer's speed, {ratios[1]:,.2f} × by CPU"
    say(line)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
