"""The database and its units of work: the only place that commits.

A unit is *run*: ``db.read(work)`` and ``db.write(work)`` call ``work(uow)``, maybe more than once,
so the body has no effect outside the database. A normal return commits, an exception rolls back.

SQLite: one unit writes at a time. ``write`` is ``BEGIN IMMEDIATE``, and writers queue before it at a file
lock: SQLite's own busy wait polls, so under load it burns time and lets some starve. PostgreSQL: READ
COMMITTED with guarded updates, retried on serialisation failures and deadlocks.
"""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import DateTime, MetaData, String, create_engine, event, text
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from core.events import Event, dispatch
from core.problems import DomainError, Refused, StorageFull, Unavailable

if TYPE_CHECKING:
    from core.house import House

T = TypeVar("T")
Id = String(40)
_LONGEST_WAIT_S = 15.0
_RETRIED_SQLSTATES = {"40001", "40P01"}
_INSERTED_BY_ANOTHER = "23505"
_MOST_INSERTED_BY_ANOTHER = 5
_ALONE = "alone"
_LOCK = text("SELECT pg_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock_all()")


class Base(DeclarativeBase):
    """Base of all mapped classes; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time. Refuses naive values; SQLite's naive answers come back aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Uow:
    """One unit of work: a session, the house it runs in, and one moment that all of it shares.

    ``connection`` is the session's own: statements of tables, not of mapped classes, cost a third less there.
    """

    def __init__(self, session: Session, connection: Connection, house: House, *, writes: bool) -> None:
        self.session = session
        self.connection = connection
        self.house = house
        self.writes = writes
        self._now = house.clock.now()
        self._depth = 0

    def now(self) -> datetime:
        """The moment this unit began; the same in all its rows."""
        return self._now

    def alone(self, name: str) -> None:
        """Units that ask for the same name go on one after the other, and each only once what is kept of the refusal of
        the one before is written: who counts refusals misses none.
        """
        if not self.house.db.sqlite:  # there one unit writes at a time
            self.connection.info[_ALONE] = True
            self.connection.execute(_LOCK, {"name": name})

    def emit(self, event: Event) -> None:
        """Publish a fact: inline handlers run now, later handlers get their outbox rows in this unit."""
        from core.outbox import enqueue

        self._depth += 1
        try:
            dispatch(self, self.house.registry, event, self._depth)
        finally:
            self._depth -= 1
        enqueue(self, event)


class Database:
    """An engine and the two ways to use it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url) if self.sqlite else _postgresql_engine(url)
        self._house: House | None = None
        self._open = threading.local()
        self._gate = _Gate(f"{self.engine.url.database}-writer") if self.sqlite else None

    def attach(self, house: House) -> None:
        self._house = house

    def read(self, work: Callable[[Uow], T]) -> T:
        """Run ``work`` against one consistent snapshot and change nothing."""
        return self._run(work, writes=False)

    def write(self, work: Callable[[Uow], T]) -> T:
        """Run ``work`` and commit, or roll all of it back. A policy refusal is recorded before it is raised."""
        return self._run(work, writes=True)

    def scrub(self, *tables: str) -> None:
        """Make what was overwritten or deleted in these tables unreadable in the files too.

        SQLite: the write-ahead log is emptied. PostgreSQL: the tables are written anew, as what is deleted otherwise
        stays in the free space of its page; its own log runs over by itself.
        Raises Unavailable while somebody reads or writes; ask again then.
        """
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self.sqlite:
                self._rewrite(connection, tables)
            elif connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]:
                raise Unavailable("The database is busy.", hint="Try again in a moment.")

    def administer(self, statements: Sequence[str]) -> None:
        """Run statements about the database itself, such as rights, in one transaction: all of them or none."""
        with self.engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.replace("%", "%%"))  # psycopg reads % as a placeholder
            connection.commit()

    @staticmethod
    def _rewrite(connection: Connection, tables: Sequence[str]) -> None:
        connection.exec_driver_sql("SET lock_timeout = '2s'")  # nobody stands behind one who waits for long
        try:
            connection.exec_driver_sql(f"VACUUM FULL {', '.join(tables)}")
        except OperationalError:
            raise Unavailable("The database is busy.", hint="Try again in a moment.") from None
        finally:
            connection.exec_driver_sql("RESET lock_timeout")

    def _run(self, work: Callable[[Uow], T], *, writes: bool) -> T:
        if getattr(self._open, "unit", False):
            raise RuntimeError("a unit of work is already open in this thread")
        self._open.unit = True
        try:
            return self._retried(work, writes=writes)
        finally:
            self._open.unit = False

    def _retried(self, work: Callable[[Uow], T], *, writes: bool) -> T:
        give_up, met = time.monotonic() + _LONGEST_WAIT_S, 0
        while True:
            try:
                return self._once(work, writes=writes)
            except Refused as refusal:
                if not writes and refusal.kept_of_reads:
                    self._retried(self._keeping(refusal), writes=True)
                raise
            except DBAPIError as error:
                _raise_storage_full(error)
                met += _inserted_by_another(error)
                if not _worth_retrying(error) or met > _MOST_INSERTED_BY_ANOTHER:
                    raise
                if time.monotonic() > give_up:
                    raise Unavailable("The database is busy.", hint="Try again in a moment.") from error
            time.sleep(random.uniform(0.0005, 0.004))

    def _once(self, work: Callable[[Uow], T], *, writes: bool) -> T:
        turn = self._gate.turn() if writes and self._gate else nullcontext()
        with turn, self.engine.connect() as connection:
            try:
                return self._in(connection, work, writes=writes)
            except Refused as refusal:
                if writes:  # in the same turn, before anybody else goes on
                    self._in(connection, self._keeping(refusal), writes=True)
                raise
            finally:
                self._let_others(connection)

    def _in(self, connection: Connection, work: Callable[[Uow], T], *, writes: bool) -> T:
        assert self._house is not None, "the database is not attached to a house"
        self._begin(connection, writes=writes)
        with Session(bind=connection, expire_on_commit=False, join_transaction_mode="control_fully") as session:
            session.connection()  # from here on both are in one transaction
            answer = work(Uow(session, connection, self._house, writes=writes))
            if writes:
                _commit(session)
            else:
                session.rollback()
            return answer

    def _let_others(self, connection: Connection) -> None:
        """Whoever waits for a name that a unit held goes on."""
        if not self.sqlite and connection.info.pop(_ALONE, False) and not connection.invalidated:
            connection.execute(_UNLOCK)
            connection.rollback()

    def _begin(self, connection: Connection, *, writes: bool) -> None:
        if self.sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        elif not writes:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def _keeping(self, refusal: Refused) -> Callable[[Uow], None]:
        """Records a refusal in a unit of its own, once the refused command is undone."""

        def work(uow: Uow) -> None:
            for keep in uow.house.registry.on_refusal:
                keep(uow, refusal)

        return work


class _Gate:
    """One writer of a SQLite file at a time.

    The kernel wakes who waits at the file lock, and lets go of it when its holder dies. Only one thread of a
    process waits there; the others wait where waiting can end.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._here = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises Unavailable when the turn does not come in time."""
        if not self._here.acquire(timeout=_LONGEST_WAIT_S):
            raise Unavailable("The database is busy.", hint="Try again in a moment.")
        try:
            with _locked(self._path):
                yield
        finally:
            self._here.release()


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Who waits for the lock holds the place before it, so whoever let go cannot take it again past those who wait."""
    with ExitStack() as held:
        with ExitStack() as place:
            _lock_file(place, f"{path}-next")
            _lock_file(held, path)
        yield


def _lock_file(held: ExitStack, path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    held.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 0, "check_same_thread": False}, pool_size=16, max_overflow=32)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we write BEGIN ourselves
        for pragma in (
            "busy_timeout=2000",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "busy_timeout=0",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "checkin")
    def _end(connection: Any, _record: object) -> None:
        """A COMMIT that SQLite refused (disk full, a deferred constraint) leaves its transaction open."""
        if connection is not None and connection.in_transaction:
            connection.rollback()

    return engine


def _postgresql_engine(url: str) -> Engine:
    return create_engine(url, pool_size=8, max_overflow=24, isolation_level="READ COMMITTED")


def _commit(session: Session) -> None:
    """Raises Unavailable when the connection broke in the middle of it: nobody knows, so nobody runs it again."""
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable(
                "The database was lost while it was committing.", hint="Ask again with the same idempotency key."
            ) from error
        raise


def _worth_retrying(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True  # the server ended it, when it restarted for example; the pool opens a new one
    if isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    if isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", "") is None:
        return True  # no server answers, yet
    return _inserted_by_another(error) or getattr(error.orig, "sqlstate", None) in _RETRIED_SQLSTATES


def _inserted_by_another(error: DBAPIError) -> bool:
    """Two units looked, found nothing, and inserted the same row: who runs again finds it."""
    return getattr(error.orig, "sqlstate", None) == _INSERTED_BY_ANOTHER


def _raise_storage_full(error: DBAPIError) -> None:
    text = str(error.orig)
    full = isinstance(error, OperationalError) and ("disk is full" in text or "disk I/O error" in text)
    if full or getattr(error.orig, "sqlstate", None) == "53100":
        raise StorageFull("The disk is full; nothing was changed.", hint="Free some space, then try again.") from error


__all__ = ["Base", "Database", "DomainError", "Id", "Uow", "UtcDateTime"]
