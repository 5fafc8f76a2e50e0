"""The data folder: made by ``piaohao init``, locked by the one supervisor that works in it."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

import migrations
from core.db import Database
from core.settings import Settings


class CannotStart(Exception):
    """Why this exchange does not start, in a sentence for the person who started it."""


def init(settings: Settings) -> bool:
    """Create what is missing of the data folder and bring the database to the newest revision.

    Answers whether the database was empty before. Safe to repeat.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database)
    try:
        before = migrations.current(database.engine)
        if before != migrations.head():
            migrations.upgrade(database.engine)
        return before is None
    finally:
        database.engine.dispose()


def require_current(database: Database) -> None:
    """Raises CannotStart unless the database is of exactly the revision that this code knows."""
    found, known = migrations.current(database.engine), migrations.head()
    if found is None:
        raise CannotStart("There is no exchange in this data folder yet: run `piaohao init` first.")
    if found != known:
        raise CannotStart(f"The database is of revision {found}, this program of {known}: run `piaohao init`.")


@dataclass
class Lock:
    """Held by the supervisor while it runs; goes with its process, however that ends."""

    path: Path
    descriptor: int

    @classmethod
    def take(cls, data: Path) -> Lock:
        """Raises CannotStart when another supervisor works in this data folder."""
        path = data / "supervisor.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise CannotStart(
                f"Another exchange is running in {data}. Stop it, or choose another folder with --data."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(path, descriptor)

    def release(self) -> None:
        os.close(self.descriptor)
