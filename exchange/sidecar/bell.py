"""Waiting for the next look at the changes: PostgreSQL rings when a unit that changed something commits."""

from __future__ import annotations

import logging
import time
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, text

from core.house import House
from exchange.sidecar.changes import CHANNEL

log = logging.getLogger("piaohao.sidecar")


class Bell:
    """On SQLite, or when PostgreSQL cannot be listened to, it just waits."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._hang_up()

    def wait(self, at_most_s: float) -> None:
        """Until it rings, or the time is up."""
        if self._house.db.sqlite:
            time.sleep(at_most_s)
            return
        try:
            for _ in self._driver().notifies(timeout=at_most_s, stop_after=1):
                pass
        except Exception:  # the next look tells what is wrong with the database
            log.exception("PostgreSQL cannot be listened to")
            self._hang_up()
            time.sleep(at_most_s)

    def _driver(self) -> Any:
        """psycopg's own connection: SQLAlchemy has no words for notifications."""
        if self._connection is None:
            opened = self._house.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            opened.execute(text(f"LISTEN {CHANNEL}"))
            self._connection = opened
        return self._connection.connection.driver_connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
