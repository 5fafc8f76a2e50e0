"""What the system says of a process: memory, open files, time on the processors."""

from __future__ import annotations

import os
from pathlib import Path

from exchange.metrics.families import Family, counter, gauge

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def of(pid: int) -> list[Family]:
    """Nothing where the system does not tell (it has no ``/proc``) or the process has ended."""
    place = Path("/proc", str(pid))
    try:
        resident = int((place / "statm").read_text().split()[1]) * _PAGE
        fields = (place / "stat").read_text().rpartition(")")[2].split()
        files = sum(1 for _ in (place / "fd").iterdir())
    except OSError:
        return []
    seconds = (int(fields[11]) + int(fields[12])) / _TICKS
    return [
        gauge("piaohao_process_resident_bytes", "Memory that the process has in RAM", resident),
        gauge("piaohao_process_open_files", "Files and sockets that are open", files),
        counter("piaohao_process_cpu_seconds", "Time spent on the processors", seconds),
    ]
