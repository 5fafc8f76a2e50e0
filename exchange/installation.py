"""The data folder: made by ``piaohao init``, locked by the one supervisor that serves a role in it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import OperationalError

import migrations
from core.db import Database
from core.settings import Settings

ROLES = ("web", "worker", "jobs", "gateway")
"""What can be served apart; ``gateway`` stands for a sidecar, a loader and this machine's gateways."""


UNFINISHED = "restore-unfinished"
"""Stands in the data folder while a backup is put back."""


class CannotStart(Exception):
    """Why this exchange does not start, in a sentence for the person who started it."""


def init(settings: Settings) -> bool:
    """Create what is missing of the data folder and bring the database to the newest revision.

    Answers whether the database was empty before. Safe to repeat.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_finished(settings)
    database = Database(settings.database)
    try:
        before = migrations.current(database.engine)
        if before != migrations.head():
            migrations.upgrade(database.engine)
        return before is None
    finally:
        database.engine.dispose()


def require_finished(settings: Settings) -> None:
    """Raises CannotStart while a backup is put back, or was not put back to the end."""
    if (settings.data / UNFINISHED).exists():
        raise CannotStart(f"A backup was not put back to the end in {settings.data}: run `piaohao restore` again.")


def require_current(database: Database) -> None:
    """Raises CannotStart unless the database is of exactly the revision that this code knows."""
    found, known = migrations.current(database.engine), migrations.head()
    if found is None:
        raise CannotStart("There is no exchange in this data folder yet: run `piaohao init` first.")
    if found != known:
        raise CannotStart(f"The database is of revision {found}, this program of {known}: run `piaohao init`.")


def wait_until_current(settings: Settings, within_s: float) -> None:
    """Wait for whoever migrates the database. Raises CannotStart when that has not happened in time."""
    require_finished(settings)
    give_up_at = time.monotonic() + within_s
    while True:
        database = Database(settings.database)
        try:
            require_current(database)
        except (CannotStart, OperationalError) as problem:
            if time.monotonic() > give_up_at:
                raise CannotStart(str(problem)) from None
            time.sleep(0.5)
        else:
            return
        finally:
            database.engine.dispose()


@dataclass
class Lock:
    """Held for each role by its supervisor while that runs; goes with the process, however it ends."""

    descriptors: list[int] = field(default_factory=list)

    @classmethod
    def take(cls, data: Path, roles: Collection[str] = ROLES) -> Lock:
        """Raises CannotStart when another supervisor serves one of these roles in the data folder."""
        taken = cls()
        try:
            for role in roles:
                taken.descriptors.append(_locked(data, role))
        except CannotStart:
            taken.release()
            raise
        return taken

    def release(self) -> None:
        for each in self.descriptors:
            os.close(each)


def _locked(data: Path, role: str) -> int:
    descriptor = os.open(data / f"supervisor.lock.{role}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CannotStart(
            f"Another exchange is running in {data} (its role {role}). Stop it, or choose another folder with --data."
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor
