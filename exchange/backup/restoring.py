"""Making an exchange from a backup. Nothing of what stood in the data folder is deleted: it is put aside.

What was signed after the backup was made cannot be unsaid: then the audit log goes on in a new epoch.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

import migrations
from compliance.audit import reopening
from compliance.audit.epochs import Epoch
from compliance.audit.verifier import Malformed, Tampered, parse_checkpoint
from core.db import Database
from core.house import House
from core.settings import Settings
from exchange.backup import folders, postgresql_copy, sqlite_copy
from exchange.backup.manifest import DATABASE, FILES, SECRETS, BackupImpossible, Manifest, copy
from exchange.backup.service import fingerprint
from exchange.installation import UNFINISHED, Lock

Told = Callable[[str], None]
_GONE_WITHIN_S = 5.0


@dataclass(frozen=True)
class Restored:
    """What came of it. ``epoch`` is the one that was opened, None when the log continues what was signed."""

    manifest: Manifest
    epoch: Epoch | None
    documents: int
    aside: Path | None


def restore(
    settings: Settings, folder: Path, *, replace: bool = False, last: str | None = None, tell: Told = lambda _: None
) -> Restored:
    """Put the backup in the place of what the data folder and the database hold.

    ``replace`` allows a database that has rows; ``last`` is the note of the last checkpoint that was published, for a
    machine without the signer's own head. Interrupted, it is begun again with the same command: until then nothing
    else starts. Raises BackupImpossible, having changed nothing.
    """
    manifest = Manifest.read(folder)
    _require_whole(manifest, folder)
    _require_fitting(settings, manifest)
    _require_checkpoint(last)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = Lock.take(settings.data)
    try:
        unfinished = settings.data / UNFINISHED
        again = unfinished.exists()
        _require_secrets(settings, manifest, folder)
        _require_free(settings, manifest, replace=replace or again)
        unfinished.touch(mode=0o600)
        aside = _files(settings, manifest, folder)
        tell("files are in their places")
        _database(settings, manifest, folder, aside)
        tell(f"the database is in its place, of revision {migrations.head()}")
        restored = _reopen(settings, manifest, last, aside, tell)
        unfinished.unlink()
        return restored
    finally:
        lock.release()


def _require_whole(manifest: Manifest, folder: Path) -> None:
    faults = manifest.faults(folder)
    if faults:
        raise BackupImpossible(f"The backup is not whole, {len(faults)} files are not what they were: {faults[0]}.")


def _require_fitting(settings: Settings, manifest: Manifest) -> None:
    dialect = "sqlite" if settings.database.startswith("sqlite") else "postgresql"
    if dialect != manifest.dialect:
        raise BackupImpossible(f"The backup is of {manifest.dialect}, this exchange is set to run on {dialect}.")
    if not migrations.knows(manifest.revision):
        raise BackupImpossible(f"The backup is of revision {manifest.revision}, which this program does not know.")
    if manifest.log_origin.partition("/epoch-")[0] != settings.log_origin:
        raise BackupImpossible(
            f"The backup is of the log {manifest.log_origin}, this exchange's is {settings.log_origin}: "
            "set PIAOHAO_LOG_ORIGIN."
        )
    if manifest.in_bucket and not settings.s3_bucket:
        raise BackupImpossible(f"Its files lie in the bucket {manifest.in_bucket}: set PIAOHAO_S3_BUCKET.")


def _require_checkpoint(last: str | None) -> None:
    """Who signed it is looked at later, with the database; what is no checkpoint is told before anything is touched."""
    try:
        if last is not None:
            parse_checkpoint(last)
    except Malformed as error:
        raise BackupImpossible(f"The checkpoint that you gave cannot be used: {error}") from None


def _require_secrets(settings: Settings, manifest: Manifest, folder: Path) -> None:
    """Put secrets of the backup where there are none; what stands there is never replaced."""
    for name, wanted in manifest.secrets.items():
        path, enclosed = settings.data / "secrets" / name, folder / SECRETS / name
        if not path.exists() and enclosed.exists():
            copy(enclosed, path)
            path.parent.chmod(0o700)
        if not path.exists() and not _is_kept(path, wanted):
            raise BackupImpossible(f"The secret {name} is missing: put the old one into {path.parent} first.")
        if not _is_kept(path, wanted):
            base = name.partition(".old-")[0]
            raise BackupImpossible(
                f"The secret {name} in {path.parent} is not the one of the backup: it was retired since, or is of "
                f"another exchange. Put the one of then beside it as {base}.old-1, or with the next free number, and "
                "retire it again afterwards."
            )


def _is_kept(path: Path, wanted: str) -> bool:
    """Whether it is there, under its name or, rotated meanwhile, beside it."""
    return any(fingerprint(each) == wanted for each in path.parent.glob(f"{path.name.partition('.old-')[0]}*"))


def _require_free(settings: Settings, manifest: Manifest, *, replace: bool) -> None:
    database = Database(settings.database)
    try:
        if database.sqlite:
            free = not sqlite_copy.path_of(settings.database).exists()
        else:
            _require_revision(database, manifest)
            _require_alone(database)
            with database.engine.connect() as connection:
                _require_owner(connection)
                free = postgresql_copy.is_empty(connection)
    finally:
        database.engine.dispose()
    if not (free or replace):
        raise BackupImpossible("There is an exchange already; --replace puts the backup in its place.")


def _require_owner(connection: Connection) -> None:
    if postgresql_copy.of_others(connection):
        raise BackupImpossible(
            "The tables belong to another login than this one: set PIAOHAO_DATABASE_URL to the owner's for this "
            "command."
        )


def _require_alone(database: Database) -> None:
    """Who has just been stopped needs a moment to be gone."""
    give_up_at = time.monotonic() + _GONE_WITHIN_S
    while True:
        with database.engine.connect() as connection:
            others = postgresql_copy.others(connection)
        if not others:
            return
        if time.monotonic() > give_up_at:
            raise BackupImpossible(f"{others} others are connected to the database: stop every role on every machine.")
        time.sleep(0.1)


def _require_revision(database: Database, manifest: Manifest) -> None:
    found = migrations.current(database.engine)
    if found not in (None, manifest.revision):
        raise BackupImpossible(
            f"The database is of revision {found}, the backup of {manifest.revision}: give it an empty database."
        )


def _files(settings: Settings, manifest: Manifest, folder: Path) -> Path | None:
    """Put what stands there aside, copy the backup's files in."""
    database = sqlite_copy.path_of(settings.database) if manifest.dialect == "sqlite" else None
    standing = list(folders.belonging(settings.data, database))
    aside = _aside(settings.data) if standing or (database is not None and database.exists()) else None
    for name in standing:
        assert aside is not None
        (aside / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        (settings.data / name).replace(aside / name)
    for name in manifest.files:
        if name.startswith(f"{FILES}/"):
            copy(folder / name, settings.data / name.removeprefix(f"{FILES}/"))
    shutil.rmtree(settings.data / "search", ignore_errors=True)
    return aside


def _aside(data: Path) -> Path:
    number = 1
    while (path := data / f"replaced-{number}").exists():
        number += 1
    path.mkdir(mode=0o700)
    return path


def _database(settings: Settings, manifest: Manifest, folder: Path, aside: Path | None) -> None:
    if manifest.dialect == "sqlite":
        _sqlite(settings, folder, aside)
    database = Database(settings.database)
    try:
        if manifest.dialect == "postgresql":
            _postgresql(database, manifest, folder)
        migrations.upgrade(database.engine)
    finally:
        database.engine.dispose()


def _sqlite(settings: Settings, folder: Path, aside: Path | None) -> None:
    path = sqlite_copy.path_of(settings.database)
    for each in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if aside is not None and each.exists():
            shutil.move(each, aside / each.name)
    copy(folder / DATABASE / sqlite_copy.NAME, path)


def _postgresql(database: Database, manifest: Manifest, folder: Path) -> None:
    """The tables of the backup's revision, filled, in one transaction."""

    def fill(connection: Connection) -> None:
        postgresql_copy.copy_in(connection, folder / DATABASE, manifest.tables, manifest.sequences)

    migrations.upgrade(database.engine, manifest.revision, fill)


def _reopen(settings: Settings, manifest: Manifest, last: str | None, aside: Path | None, tell: Told) -> Restored:
    from catalog.search import service as search
    from exchange.app import build_house

    house: House = build_house(settings)
    try:
        epoch = reopening.reopen(house, last=last)
        tell("the audit log goes on" + (f" as {epoch.origin}" if epoch else ""))
        return Restored(manifest, epoch, search.rebuild(house), aside)
    except (Tampered, Malformed) as error:
        raise BackupImpossible(f"The checkpoint that you gave cannot be used: {error}") from None
    finally:
        house.db.engine.dispose()
