"""Web workers that share connections evenly: who has the fewest takes the next one.

All workers listen on one socket, and the kernel gives a new connection to whoever asks first, which is the
worker that is awake already: one process would serve every connection that stays open while others sleep.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Iterable
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

_PLACES = 256
_NOBODY = 2**31 - 1
_PATIENCE = 10
_PAUSE_S = 0.001


class Board:
    """How many connections each worker has, in memory that survives the fork; made in the master."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * _PLACES)).cast("i")
        for place in range(_PLACES):
            self.leave(place)

    def leave(self, place: int) -> None:
        """The worker of this place has ended: nobody waits for it."""
        self._counts[place] = _NOBODY

    def write(self, place: int, connections: int) -> None:
        self._counts[place] = connections

    def fewest(self) -> int:
        return min(self._counts)

    def seat(self, worker: EvenWorker, others: Iterable[EvenWorker]) -> None:
        """Before the fork, in the master: give the worker a place that no living one has."""
        taken = {other.place for other in others}
        worker.board = self
        worker.place = next(place for place in range(_PLACES) if place not in taken)


class EvenWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Leaves a new connection to a worker with fewer, for ten milliseconds at most: that one may hang.

    And with two more than another, which has just started, ends a connection with its answer: the client comes again.
    """

    board: Board
    place: int
    _declined = 0

    def notify(self) -> None:
        """Called in each round of the loop."""
        super().notify()
        self.board.write(self.place, self.nr_conns)

    def accept(self, listener: object) -> None:
        if self._declined < _PATIENCE and self.board.fewest() < self.nr_conns:
            self._declined += 1
            time.sleep(_PAUSE_S)
            return
        self._declined = 0
        super().accept(listener)
        self.board.write(self.place, self.nr_conns)

    def handle_request(self, req: Any, conn: object) -> bool:
        if self.board.fewest() + 1 < self.nr_conns:
            req.force_close()
        return bool(super().handle_request(req, conn))
