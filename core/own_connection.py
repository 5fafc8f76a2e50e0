"""A connection that somebody holds for long: to wait at it, or to ask the same again and again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from core.db import Database


class OwnConnection:
    """Opened when it is first needed, with ``first`` said on it, and opened again after ``hang_up``."""

    def __init__(self, database: Database, first: str = "") -> None:
        self._database, self._first = database, first
        self._connection: Connection | None = None

    def driver(self) -> Any:
        """The driver's own: it has words that SQLAlchemy has not, and costs no unit."""
        if self._connection is None:
            self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if self._first:
                self._connection.exec_driver_sql(self._first)
        return self._connection.connection.driver_connection

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
