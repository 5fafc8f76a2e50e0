"""Looks for changes as soon as there are any, and says what gateways have to take over.

Beside it everything is compiled anew from time to time: what changes by time alone, a qualification that ran
out, is found then, and so would be a change that nobody told. What differs is looked at again, not believed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from compliance.policy import document, versions
from core.db import Uow
from core.house import House
from exchange.sidecar import changes, compiling
from exchange.sidecar.bell import Bell
from exchange.sidecar.switchboard import Encoded
from exchange.sidecar.types import Kind, Ref
from exchange.sidecar.wire import compact

log = logging.getLogger("piaohao.sidecar")

LOOK_S = 0.2
"""So often it looks although nothing calls: gateways hear that the database was asked."""
_COMPARE_S = 60.0
_COMPARE_SHARE = 0.02
"""So much of the time may go into compiling everything anew."""
_FORGET_S = 60.0
_LONGEST_BLIND_S = 600.0
"""After so long without a look, changes may have been forgotten that were not seen."""


class Watcher:
    """``tell`` gets what changed after every look, also nothing; the first time it gets everything. ``recall`` gets
    the process and the right of each lease that is wanted back.
    """

    def __init__(self, house: House, tell: Callable[[Encoded], None], recall: Callable[[str, str], None]) -> None:
        self.house = house
        self.tell = tell
        self.recall = recall
        self._known: dict[Ref, bytes] = {}
        self._mark = changes.Mark()
        self._looked_at = float("-inf")
        self._ticket_keys: list[bytes] = []
        self._judge_again = False
        self._refresh_at = float("-inf")
        self._forget_at = time.monotonic() + _FORGET_S
        self._doubtful: SimpleQueue[Ref] = SimpleQueue()

    def start(self) -> None:
        """Compile everything and tell what is new. The mark is taken first: what changes meanwhile is seen again."""
        self._mark = self.house.db.read(changes.present)
        self.house.db.read(versions.refresh)
        fresh = self._everything()
        different: dict[Ref, bytes | None] = dict.fromkeys(self._known.keys() - fresh.keys())
        different |= {ref: item for ref, item in fresh.items() if self._known.get(ref) != item}
        self._known = fresh
        self.tell(different)

    def _everything(self) -> dict[Ref, bytes]:
        return {compiling.ref_of(item): compact(item) for item in compiling.everything(self.house)}

    def look(self) -> None:
        """Take over what changed since the last look, and what is in doubt."""
        doubtful = self._take_doubtful()
        compiled, self._mark = self.house.db.read(lambda uow: self._read(uow, doubtful))
        encoded = {ref: None if item is None else compact(item) for ref, item in compiled.items()}
        for ref, item in encoded.items():
            if item is None:
                self._known.pop(ref, None)
            else:
                self._known[ref] = item
        self._looked_at = time.monotonic()
        self.tell(encoded)
        if self._judge_again:
            self._judge_again = False
            self.start()

    def _read(self, uow: Uow, doubtful: list[Ref]) -> tuple[compiling.Compiled, changes.Mark]:
        refs, mark = changes.since(uow, self._mark)
        if time.monotonic() >= self._refresh_at or any(ref.kind == Kind.POLICY for ref in refs):
            self._refresh_at = time.monotonic() + versions.LOOK_S
            before = document.current()
            versions.refresh(uow)
            self._judge_again = document.current() is not before
        for ref in (each for each in refs if each.kind == Kind.RECALL):
            self.recall(*ref.id.split(":", 1))
        wanted = [ref for ref in (*refs, *doubtful) if ref.kind not in (Kind.POLICY, Kind.RECALL)]
        return compiling.of(uow, wanted) if wanted else {}, mark

    def _take_doubtful(self) -> list[Ref]:
        found = self._rotated()
        while True:
            try:
                found.append(self._doubtful.get_nowait())
            except Empty:
                return found

    def _rotated(self) -> list[Ref]:
        """The secret of tickets is a file, of which no change is noted."""
        known, self._ticket_keys = self._ticket_keys, self.house.keyring.secrets(compiling.TICKETS)
        return [] if self._ticket_keys == known else [Ref(Kind.SETTINGS, "settings")]

    def run(self, stop: threading.Event) -> None:
        """Begin, then look until asked to stop. While the database cannot be read, nothing is told."""
        with Bell(self.house) as bell:
            while not stop.is_set():
                try:
                    self._attend()
                except Exception:  # whatever it is, the gateways notice by the beats that do not come
                    log.exception("changes cannot be read")
                    stop.wait(1.0)
                bell.wait(self._mark, LOOK_S)

    def _attend(self) -> None:
        if time.monotonic() - self._looked_at > _LONGEST_BLIND_S:
            self.start()
        self.look()
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_S
            self.house.db.write(lambda uow: changes.forget(uow, self._mark))

    def compare(self) -> int:
        """Compile everything beside what is known; answers how much of it is in doubt and will be looked at again."""
        fresh = self._everything()
        known = dict(self._known)
        doubtful = [ref for ref in fresh.keys() | known.keys() if fresh.get(ref) != known.get(ref)]
        for ref in doubtful:
            self._doubtful.put(ref)
        return len(doubtful)

    def run_comparing(self, stop: threading.Event) -> None:
        """Compare now and then, until asked to stop."""
        pause = _COMPARE_S
        while not stop.wait(pause):
            began = time.monotonic()
            try:
                if found := self.compare():
                    log.info("%d things are looked at again", found)
            except Exception:  # the next time may be better
                log.exception("what gateways know cannot be compared")
            pause = max(_COMPARE_S, (time.monotonic() - began) / _COMPARE_SHARE)
