"""Locks: what one process at a time may do, on this machine or on all that share a database.

Who dies lets go: it is a lock of the kernel's, or of a connection to the server.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from core.db import Database
from core.problems import DomainError

_TRY = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 1))")
_END = text("SELECT pg_advisory_unlock(hashtextextended(:name, 1))")
_ASK = text("SELECT 1")
_PAUSE_S = 0.005

StillHeld = Callable[[], None]
"""Raises the refusal when the lock was lost meanwhile."""


@contextmanager
def locked(db: Database, name: str, wait_s: float, refusal: DomainError) -> Iterator[StillHeld]:
    """The lock of this name among all that share the database. Raises ``refusal`` when it is not free in time."""
    if db.sqlite:
        with locked_at(Path(f"{db.engine.url.database}-{name}"), wait_s, refusal) as still_held:
            yield still_held
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        _wait(lambda: bool(connection.execute(_TRY, {"name": name}).scalar_one()), wait_s, refusal)
        try:
            yield lambda: _ask(connection, refusal)
        finally:
            _end(connection, name)


@contextmanager
def locked_at(path: Path, wait_s: float, refusal: DomainError) -> Iterator[StillHeld]:
    """A lock file of this machine. Raises ``refusal`` when it is not free in time."""
    with path.open("a") as lock:
        _wait(lambda: _flocked(lock.fileno()), wait_s, refusal)
        yield lambda: None


@contextmanager
def alone_at(path: Path) -> Iterator[None]:
    """The same, waited for as long as it takes; its folder is made when it is not there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wait(taken: Callable[[], bool], wait_s: float, refusal: DomainError) -> None:
    give_up = time.monotonic() + wait_s
    while not taken():
        if time.monotonic() > give_up:
            raise refusal
        time.sleep(_PAUSE_S)


def _flocked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _ask(connection: Connection, refusal: DomainError) -> None:
    try:
        connection.execute(_ASK)
    except DBAPIError as error:
        raise refusal from error


def _end(connection: Connection, name: str) -> None:
    """A connection that was lost has let go already; one in doubt is not used again."""
    try:
        if not connection.invalidated:
            connection.execute(_END, {"name": name})
    except DBAPIError:
        connection.invalidate()
