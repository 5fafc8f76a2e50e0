"""Whether anything was written to the database: one cheap question in place of many with the same answers as before."""

from __future__ import annotations

import itertools
import threading
import time

from core.db import Database
from core.own_connection import OwnConnection

_ASK_S = 0.02
_SQLITE = "PRAGMA data_version"
_POSTGRESQL = "SELECT CAST(pg_current_snapshot() AS text)"


class Written:
    """For all threads of a process; holds a connection of its own, opened again when it breaks."""

    def __init__(self, database: Database) -> None:
        self._connection = OwnConnection(database)
        self._question = _SQLITE if database.sqlite else _POSTGRESQL
        self._lock = threading.Lock()
        self._unknown = itertools.count()
        self._mark: object = None
        self._ask_at = float("-inf")

    def mark(self) -> object:
        """Another one than before whenever a unit was committed meanwhile, in whatever process; never None.

        While the database cannot be asked, another one each time.
        """
        with self._lock:
            if time.monotonic() >= self._ask_at:
                self._mark = self._asked()
                self._ask_at = time.monotonic() + _ASK_S
            return self._mark

    def _asked(self) -> object:
        try:
            return str(self._connection.driver().execute(self._question).fetchone()[0])
        except Exception:  # whoever acts on the mark meets what is wrong with the database
            self._connection.hang_up()
            return next(self._unknown)
