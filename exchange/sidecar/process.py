"""The sidecar role: several things at once, none of which waits for another.

The event loop speaks with the gateways; a thread each watches for changes and grants leases. Loading has a process
of its own: what computes for long would hold up a change.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import threading
from functools import partial
from typing import Any

from core.house import House
from core.settings import Settings
from exchange import logs
from exchange.installation import require_current
from exchange.metrics import page
from exchange.metrics.files import Writer
from exchange.orphan import when_orphaned
from exchange.sidecar.figures import collect
from exchange.sidecar.lessor import Lessor
from exchange.sidecar.place import socket_path
from exchange.sidecar.switchboard import Encoded, Peer, Switchboard
from exchange.sidecar.watcher import Watcher

log = logging.getLogger("piaohao.sidecar")

_SWITCH_S = 0.001
"""A change must not wait for a thread that computes."""


class Sidecar:
    """The parts, wired together."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.stop = threading.Event()
        self.board = Switchboard(socket_path(house.settings.data))
        self.lessor = Lessor(house, self._send, self.board.connected)
        self.watcher = Watcher(house, self._tell, self._recall)
        self.figures = Writer(house.settings.data, "sidecar", lambda: collect(self))
        self.board.heard = self.lessor.hear

    def _send(self, peer: Peer, message: dict[str, Any]) -> None:
        self.board.post(partial(self.board.send, peer, message))

    def _recall(self, epoch: str, entitlement_id: str) -> None:
        self.board.post(partial(self.board.recall, epoch, entitlement_id))

    def _tell(self, changes: Encoded) -> None:
        self.board.post(partial(self.board.apply, changes))

    async def serve(self) -> None:
        """Until ``stop`` is set and every thread has ended."""
        threads = [
            threading.Thread(target=act, args=(self.stop,), name=name)
            for name, act in (
                ("watcher", self.watcher.run), ("comparison", self.watcher.run_comparing),
                ("lessor", self.lessor.run), ("figures", self.figures.run),
            )
        ]  # fmt: skip
        async with self.board.open():
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                await asyncio.sleep(0.2)


def run(house: House) -> None:
    """Serve the machine's gateways until SIGTERM, or until the supervisor is gone."""
    logs.configure("sidecar")
    require_current(house.db)
    sidecar = Sidecar(house)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sidecar.stop.set())
    when_orphaned(sidecar.stop.set)
    _serve_figures(house.settings)
    sys.setswitchinterval(_SWITCH_S)
    gc.freeze()
    asyncio.run(sidecar.serve())
    log.info("sidecar stopped")


def _serve_figures(settings: Settings) -> None:
    """A port that is taken costs the figures there, not the gateways: web shows them too."""
    if settings.metrics_port:
        try:
            page.serve(settings.data, settings.metrics_port)
        except OSError as error:
            log.warning("no figures on port %d: %s", settings.metrics_port, error.strerror)
