"""Locks: one at a time among all that share a database."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from core.house import House
from core.locks import locked
from core.problems import Unavailable

BUSY = Unavailable("It is held.")


def test_one_at_a_time(house: House) -> None:
    with locked(house.db, "search", 1.0, BUSY) as still_held:
        still_held()
        with pytest.raises(Unavailable), locked(house.db, "search", 0.02, BUSY):
            pass
        with locked(house.db, "other", 0.02, BUSY):
            pass
    with locked(house.db, "search", 0.02, BUSY):
        pass


def test_whoever_waits_gets_it(house: House) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(house.db, "search", 30.0, BUSY):
            order.append("second")

    with locked(house.db, "search", 1.0, BUSY):
        waiting = threading.Thread(target=second)
        waiting.start()
        order.append("first")
    waiting.join(30.0)
    assert order == ["first", "second"]


def test_a_failure_inside_gives_it_up(house: House) -> None:
    with pytest.raises(ZeroDivisionError), locked(house.db, "search", 1.0, BUSY):
        raise ZeroDivisionError
    with locked(house.db, "search", 0.02, BUSY):
        pass


def test_whoever_lost_it_is_told(house: House) -> None:
    """The server ends the connection that held it, as it does when it restarts."""
    if house.db.sqlite:
        pytest.skip("a lock file cannot be lost")
    with locked(house.db, "search", 1.0, BUSY) as still_held:
        with house.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            other.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
            )
        with locked(house.db, "search", 30.0, BUSY), pytest.raises(Unavailable):
            still_held()
