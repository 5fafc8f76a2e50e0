"""Waiting for the next look at the changes.

PostgreSQL rings when a unit that changed something commits. A SQLite file is asked for its newest change fifty
times a second, which costs next to nothing.
"""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Self

from core.house import House
from core.own_connection import OwnConnection
from exchange.sidecar.changes import CHANNEL, Mark

log = logging.getLogger("piaohao.sidecar")

_ASK_S = 0.02
_NEWEST = "SELECT max(id) FROM gateway_change"


class Bell:
    """A connection to wait at, opened again when it breaks."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._connection = OwnConnection(house.db, "" if house.db.sqlite else f"LISTEN {CHANNEL}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._connection.hang_up()

    def wait(self, mark: Mark, at_most_s: float) -> None:
        """Until there is a change beyond the mark, or the time is up."""
        give_up_at = time.monotonic() + at_most_s
        try:
            if self._house.db.sqlite:
                self._ask(mark, give_up_at)
            else:
                self._listen(at_most_s)
        except Exception:  # the next look tells what is wrong with the database
            log.exception("the database cannot be waited at")
            self._connection.hang_up()
            time.sleep(max(0.0, give_up_at - time.monotonic()))

    def _ask(self, mark: Mark, give_up_at: float) -> None:
        connection = self._connection.driver()
        while time.monotonic() < give_up_at:
            newest = connection.execute(_NEWEST).fetchone()[0]
            if newest is not None and newest >= mark.floor:
                return
            time.sleep(_ASK_S)

    def _listen(self, at_most_s: float) -> None:
        for _ in self._connection.driver().notifies(timeout=at_most_s, stop_after=1):
            pass
