"""Loads what gateways metered, epoch by epoch: every record once, in short units, resumable at any byte.

When a process is gone and its segments are loaded to the end, its leases are settled and its folder removed.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from pathlib import Path

from core.house import House
from exchange.gateway import claim
from exchange.sidecar import closing, loading
from exchange.sidecar.segment import LoadingSegment, Pace, Tally

log = logging.getLogger("piaohao.sidecar")

_IDLE_S = 0.1
_BREATH_S = 0.002
_EPOCH = re.compile(r"\A[0-9a-f]{16}\Z")


def segments_folder(house: House) -> Path:
    return house.settings.data / "segments"


class Loader:
    """All segments of this machine; ``tally`` counts what it did."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.folder = segments_folder(house)
        self.tally = Tally()
        self.pace = Pace()
        self._open: dict[tuple[str, int], LoadingSegment] = {}

    def run(self, stop: threading.Event) -> None:
        """Load until asked to stop, then once more whatever is there."""
        while not stop.is_set():
            stop.wait(_BREATH_S if self.attempt() else _IDLE_S)
        self.drain(within_s=3.0)

    def attempt(self) -> bool:
        """A pass that survives whatever goes wrong; what was not loaded is tried again."""
        try:
            return self.load_some()
        except Exception:  # a database that is busy or gone, a full disk: nothing is lost by waiting
            log.exception("segments cannot be loaded")
            self._open.clear()
            time.sleep(0.5)
            return False

    def drain(self, *, within_s: float) -> None:
        """Load what is there, for at most so long."""
        give_up_at = time.monotonic() + within_s
        while time.monotonic() < give_up_at and self.attempt():
            pass

    def load_some(self) -> bool:
        """One unit for each segment that has something new; whether there may be more."""
        more = False
        for epoch in self._epochs():
            more |= self._load_epoch(epoch)
        return more

    def waiting(self) -> tuple[int, int]:
        """Segments on the disk, and their bytes that are not loaded yet; as far as it is known."""
        known = {(each.epoch, each.number): each.position for each in list(self._open.values())}
        sizes = [(path, _size(path)) for path in self.folder.glob("*/*.seg")]
        behind = (size - known.get((path.parent.name, int(path.stem)), 0) for path, size in sizes)
        return len(sizes), sum(max(0, each) for each in behind)

    def _epochs(self) -> list[str]:
        """Those of this machine, with segments or without: the database has those of other machines too."""
        folders = {path.name for path in self.folder.glob("*") if path.is_dir()}
        return sorted(epoch for epoch in folders | claim.claimed(self.folder) if _EPOCH.match(epoch))

    def _load_epoch(self, epoch: str) -> bool:
        alive = claim.is_held(self.folder, epoch)  # asked first: what a dead one wrote is all there by now
        paths = sorted((self.folder / epoch).glob("*.seg"))
        more = False
        for path in paths:
            more |= self._segment(epoch, path).advance(alive=alive)
        left = {int(path.stem) for path in paths if path.exists()}
        self._forget(epoch, {number for known, number in self._open if known == epoch} - left)
        if not (alive or more or left):
            closing.finish(self.house, self.folder, epoch)
        return more

    def _forget(self, epoch: str, numbers: set[int]) -> None:
        """Segments that are loaded, and whose files are gone."""
        if numbers:
            self.house.db.write(lambda uow: loading.forget(uow, epoch, numbers))
            for number in numbers:
                del self._open[epoch, number]

    def _segment(self, epoch: str, path: Path) -> LoadingSegment:
        key = (epoch, int(path.stem))
        if key not in self._open:
            self._open[key] = LoadingSegment(self.house, path, self.pace, self.tally)
        return self._open[key]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
