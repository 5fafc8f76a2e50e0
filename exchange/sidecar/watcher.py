"""Looks for changes every 50 ms, sooner when PostgreSQL calls, and says what gateways have to take over.

From time to time everything is compiled anew: what changes by time alone, a qualification that ran out, is
found then, and so would be a change that nobody told.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from core.db import Uow
from core.house import House
from exchange.sidecar import changes, compiling
from exchange.sidecar.bell import Bell
from exchange.sidecar.switchboard import Encoded
from exchange.sidecar.types import Ref
from exchange.sidecar.wire import compact

log = logging.getLogger("piaohao.sidecar")

POLL_S = 0.05
_RESYNC_S = 60.0
_RESYNC_SHARE = 0.02
"""So much of the time may go into compiling everything anew."""
_FORGET_S = 60.0


class Watcher:
    """``tell`` gets what changed after every look, also nothing; ``named`` gets the things that were named."""

    def __init__(
        self, house: House, tell: Callable[[Encoded], None], named: Callable[[Iterable[Ref]], None] | None = None
    ) -> None:
        self.house = house
        self.tell = tell
        self.named = named
        self._known: dict[Ref, bytes] = {}
        self._mark = changes.Mark()
        self._resync_at = 0.0
        self._forget_at = time.monotonic() + _FORGET_S

    def start(self) -> None:
        """Compile everything and tell what is new. The mark is taken first: what changes meanwhile is seen again."""
        began = time.monotonic()
        self._mark = self.house.db.read(changes.present)
        fresh = {compiling.ref_of(item): compact(item) for item in compiling.everything(self.house)}
        different: dict[Ref, bytes | None] = dict.fromkeys(self._known.keys() - fresh.keys())
        different |= {ref: item for ref, item in fresh.items() if self._known.get(ref) != item}
        self._known = fresh
        self.tell(different)
        took = time.monotonic() - began
        self._resync_at = time.monotonic() + max(_RESYNC_S, took / _RESYNC_SHARE)

    def look(self) -> None:
        """Take over what changed since the last look."""
        refs, compiled, self._mark = self.house.db.read(self._read)
        encoded: dict[Ref, bytes | None] = {
            ref: None if item is None else compact(item) for ref, item in compiled.items()
        }
        for ref, item in encoded.items():
            if item is None:
                self._known.pop(ref, None)
            else:
                self._known[ref] = item
        self.tell(encoded)
        if refs and self.named is not None:
            self.named(refs)

    def _read(self, uow: Uow) -> tuple[list[Ref], compiling.Compiled, changes.Mark]:
        refs, mark = changes.since(uow, self._mark)
        return refs, compiling.of(uow, refs) if refs else {}, mark

    def run(self, stop: threading.Event) -> None:
        """Begin, then look until asked to stop. While the database cannot be read, nothing is told."""
        with Bell(self.house) as bell:
            while not stop.is_set():
                try:
                    self._attend()
                except Exception:  # whatever it is, the gateways notice by the beats that do not come
                    log.exception("changes cannot be read")
                    stop.wait(1.0)
                bell.wait(POLL_S)

    def _attend(self) -> None:
        if time.monotonic() >= self._resync_at:
            self.start()
        self.look()
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_S
            self.house.db.write(lambda uow: changes.forget(uow, self._mark))
