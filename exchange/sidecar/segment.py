"""One segment being loaded: where it stands, and the unit that takes the next stretch in."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from core.house import House
from exchange.gateway import segments
from exchange.gateway.record import Kind, Usage
from exchange.gateway.segments import Header, SegmentUnreadable
from exchange.sidecar import loading, reading
from exchange.sidecar.loading import Aside, Loaded, MovedMeanwhile
from exchange.sidecar.reading import Ended, Open, Stretch
from exchange.sidecar.types import SegmentState

log = logging.getLogger("piaohao.sidecar")

_UNIT_S = 0.009
_FEWEST, _MOST = 80, 1000
_FAR_BEHIND = 1 << 18
_NOTED_S = 60.0


@dataclass
class Pace:
    """How many records a unit takes, so that it works for about 10 ms. Waiting for others does not count.

    Who is far behind takes more at a time: what every unit costs is then paid less often.
    """

    records: int = _FEWEST

    def most(self, bytes_behind: int) -> int:
        return min(_MOST, self.records * (3 if bytes_behind > _FAR_BEHIND else 1))

    def learn(self, records: int, seconds: float) -> None:
        if records != self.records:
            return  # what every unit costs does not grow with it
        fitting = int(records * _UNIT_S / max(seconds, 1e-6))
        self.records = max(_FEWEST, min(_MOST, fitting, self.records + self.records // 4))


@dataclass
class Uses:
    """When keys were last used, noted once a minute each."""

    noted: dict[str, float] = field(default_factory=dict)

    def due(self, ended: Iterable[Ended]) -> dict[str, datetime]:
        """Of the keys that made these calls, those whose use is to be noted now."""
        now = time.monotonic()
        found = {}
        for usage in (each.usage for each in ended if each.usage.kind is Kind.CALL):
            key_id = usage.address.credential_id
            if self.noted.get(key_id, 0.0) <= now - _NOTED_S:
                found[key_id] = loading.moment(usage)
        return found

    def done(self, keys: Iterable[str]) -> None:
        self.noted |= dict.fromkeys(keys, time.monotonic())


@dataclass
class Tally:
    """What this process has loaded since it began."""

    units: int = 0
    calls: int = 0
    credited: int = 0
    known: int = 0
    conflicts: int = 0
    receipts: int = 0
    damaged: int = 0
    loaded_at: float = field(default_factory=time.monotonic)
    uses: Uses = field(default_factory=Uses)

    def add(self, loaded: Loaded) -> None:
        self.units += 1
        self.calls += loaded.calls
        self.credited += loaded.credited
        self.known += loaded.known
        self.conflicts += loaded.conflicts
        self.receipts += loaded.receipts
        self.loaded_at = time.monotonic()


class LoadingSegment:
    """A file, the position that the database has of it, and the records that are open there."""

    def __init__(self, house: House, path: Path, pace: Pace, tally: Tally) -> None:
        self.house = house
        self.path = path
        self.epoch, self.number = path.parent.name, int(path.stem)
        self.pace = pace
        self.tally = tally
        self.position = -1
        self.open: dict[int, Open] = {}
        self.header: Header | None = None

    def advance(self, *, alive: bool) -> bool:
        """Take the next stretch in; whether there may be more at once. Removes the file when all of it is loaded.

        ``alive``: its writer lived at a moment before this call.
        """
        try:
            if self.header is None and not self._begin():
                return self._without_header(alive=alive)
            if alive and self.path.stat().st_size <= self.position:
                return False
            return self._next(alive=alive)
        except SegmentUnreadable as problem:
            if not alive:
                self._set_aside(0, str(problem))
            return False
        except MovedMeanwhile:
            self.header = None
            return True
        except FileNotFoundError:
            return False  # another sidecar, which is about to end, has loaded the rest

    def _begin(self) -> bool:
        """Read the header and how far the database is; False while there is no whole header."""
        header = segments.read_header(self.path)
        if header is None:
            return False
        if (header.epoch, header.number) != (self.epoch, self.number):
            raise SegmentUnreadable(f"it calls itself {header.epoch} {header.number}")
        known = self.house.db.write(lambda uow: loading.position(uow, self.epoch, self.number))
        self.position, state, places = known
        found = {seq: reading.at(self.path, place) for seq, place in places.items()}
        self.open = {seq: Open(usage, places[seq]) for seq, usage in found.items() if usage is not None}
        self.header = header
        if state == SegmentState.DONE:
            self.path.unlink()
            self.position = sys.maxsize
        return True

    def _without_header(self, *, alive: bool) -> bool:
        """Its writer was killed while it wrote the first bytes: no call can be in it."""
        if not alive:
            log.info("%s/%s was never begun", self.epoch, self.path.name)
            self.path.unlink()
        return False

    def _next(self, *, alive: bool) -> bool:
        assert self.header is not None
        if self.position == sys.maxsize:
            return False
        most = self.pace.most(self.path.stat().st_size - self.position)
        stretch = reading.read(self.path, self.position, self.open, most)
        at_end = stretch.records < most
        done = stretch.closed or (at_end and not alive)
        if done:
            stretch.give_up(self.open)
            self._judge_rest(stretch.stop)
        if not (stretch.records or done):
            return False
        self._load(self.header, stretch, done=done)
        return not (done or at_end)

    def _load(self, header: Header, stretch: Stretch, *, done: bool) -> None:
        asides = [self._keep(each.usage) for each in stretch.ended if not loading.storable(each.usage.address)]
        uses = self.tally.uses.due(stretch.ended)
        began = time.thread_time()
        loaded = self.house.db.write(lambda uow: loading.load(uow, header, stretch, asides, uses, done=done))
        self.pace.learn(stretch.records, time.thread_time() - began)
        self.tally.add(loaded)
        self.tally.uses.done(uses)
        self.position = stretch.stop
        for seq in stretch.settled:
            self.open.pop(seq, None)
        self.open |= stretch.opened
        if done:
            self.path.unlink()
            self.position = sys.maxsize

    def _judge_rest(self, stop: int) -> None:
        """What follows the last whole frame: a torn tail is cut, damage is kept for a person to look at."""
        if self.path.stat().st_size > max(stop, segments.HEADER_BYTES) and not reading.torn(self.path, stop):
            self._set_aside(stop, "a frame is damaged; what follows it was not read", keep_file=True)

    def _set_aside(self, at: int, reason: str, *, keep_file: bool = False) -> None:
        """Keep a copy in the folder of damaged segments, with a note in the database."""
        kept = self._folder_of_damage() / f"{self.epoch}-{self.path.name}"
        size = self.path.stat().st_size
        shutil.copyfile(self.path, kept)
        self._note(at, size - at, reason, kept.name)
        if not keep_file:
            self.path.unlink()
            self.position, self.header = sys.maxsize, Header(self.epoch, self.number, 0, b"")

    def _note(self, at: int, size: int, reason: str, kept_as: str) -> None:
        log.error("segment %s/%s: %s; kept as %s", self.epoch, self.path.name, reason, kept_as)
        self.tally.damaged += 1
        aside = Aside(at, size, reason, kept_as)
        self.house.db.write(lambda uow: loading.put_aside(uow, self.epoch, self.number, aside))

    def _keep(self, usage: Usage) -> Aside:
        """A record whose values no ledger takes."""
        kept = self._folder_of_damage() / f"{usage.call_id}.record"
        kept.write_bytes(usage.raw)
        self.tally.damaged += 1
        log.error("call %s cannot be loaded; kept as %s", usage.call_id, kept.name)
        return Aside(usage.seq, len(usage.raw), "a record with values that cannot be kept", kept.name)

    def _folder_of_damage(self) -> Path:
        folder = self.house.settings.data / "damaged-segments"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder
