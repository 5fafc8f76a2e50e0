"""The loader role: a process of its own beside the sidecar, so that loading holds up no change and no lease."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from types import FrameType

from core.house import House
from exchange import logs
from exchange.installation import require_current
from exchange.metrics.files import Writer
from exchange.orphan import when_orphaned
from exchange.sidecar.figures import loading
from exchange.sidecar.loader import Loader

log = logging.getLogger("piaohao.loader")


def run(house: House) -> None:
    """Load until SIGTERM, and then what is left; or until the supervisor is gone."""
    logs.configure("loader")
    require_current(house.db)
    stop, loader = threading.Event(), Loader(house)

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    when_orphaned(stop.set)
    figures = threading.Thread(
        target=Writer(house.settings.data, "loader", lambda: loading(loader)).run, args=(stop,), name="figures"
    )
    figures.start()
    gc.freeze()
    loader.run(stop)
    figures.join()
    log.info("loader stopped")
