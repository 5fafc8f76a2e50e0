"""Each process' figures in a file of its own, replaced every second; those of processes that ended are passed over."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from exchange.metrics import process
from exchange.metrics.families import Family, joined, labelled

log = logging.getLogger("piaohao.metrics")

EVERY_S = 1.0
_OLD_S = 60.0


def folder_of(data: Path) -> Path:
    return data / "run" / "figures"


class Writer:
    """``collect`` gives the figures of this process. Nothing is ever raised because of figures."""

    def __init__(self, data: Path, role: str, collect: Callable[[], Iterable[Family]]) -> None:
        self._path = folder_of(data) / f"{role}-{os.getpid()}.json"
        self._labels = {"role": role, "process": str(os.getpid())}
        self._collect = collect

    def write(self) -> None:
        own = labelled(process.of(os.getpid()), **self._labels)
        families = [each.document() for each in (*own, *self._collect())]
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        temporary.write_text(json.dumps(families))
        temporary.replace(self._path)

    def run(self, stop: threading.Event) -> None:
        """Write until asked to stop; then the file goes."""
        while not stop.is_set():
            try:
                self.write()
            except Exception:  # a full disk, a figure that cannot be had: the next second may be better
                log.warning("figures cannot be written", exc_info=True)
            stop.wait(EVERY_S)
        self._path.unlink(missing_ok=True)


def read_all(data: Path) -> list[Family]:
    """The figures of all living processes, by name."""
    return joined(family for path in sorted(folder_of(data).glob("*.json")) for family in _read(path))


def _read(path: Path) -> list[Family]:
    try:
        if not _lives(int(path.stem.rpartition("-")[2])) or time.time() - path.stat().st_mtime > _OLD_S:
            path.unlink(missing_ok=True)
            return []
        return [Family.of(each) for each in json.loads(path.read_text())]
    except (OSError, ValueError, KeyError):
        return []  # it is being replaced, or is none of ours


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
