"""The jobs role: long work, in a process of its own that gives way to all others. Nobody at the pages waits for it."""

from __future__ import annotations

import logging
import os
import threading

from core import jobs
from core.house import House
from core.settings import Settings
from core.written import Written
from exchange import logs
from exchange.app import build_house
from exchange.installation import require_current
from exchange.metrics.files import Writer
from exchange.worker import Chore, figures_of, loop, told_to_stop

log = logging.getLogger("piaohao.jobs")
_AT_ONCE = 2
_GIVES_WAY = 5


def run(settings: Settings) -> None:
    """Work until SIGTERM, or until the supervisor is gone; what is cut off goes on from its mark at the next start."""
    logs.configure("jobs")
    os.nice(_GIVES_WAY)
    house = build_house(settings)
    require_current(house.db)
    stop, written = told_to_stop(), Written(house.db)
    runners = [Chore(f"long jobs {n}", _run_one, 0.5) for n in range(1, _AT_ONCE + 1)]
    figures = Writer(settings.data, "jobs", lambda: figures_of(runners))
    running = [
        *(threading.Thread(target=loop, args=(house, written, stop, [each], 0.2), name=each.name) for each in runners),
        threading.Thread(target=figures.run, args=(stop,), name="figures"),
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    log.info("jobs stopped")


def _run_one(house: House) -> bool:
    return jobs.run_one(house, jobs.Lane.LONG)
