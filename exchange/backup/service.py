"""Making a backup while the exchange works.

Files are copied before the database and after it, and then every file that the copied database names is looked for in
the copy; when one is missing, because it was erased just then, database and files are copied once more.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import migrations
from catalog.files.classes import local_store
from compliance.audit import epochs, queries
from compliance.documents import queries as documents
from core.buckets import bucket_of
from core.db import Database, Uow
from core.house import House
from core.settings import Settings
from exchange import kept_files
from exchange.backup import folders, postgresql_copy, sqlite_copy, stamp
from exchange.backup.manifest import DATABASE, FILES, NAME, SECRETS, BackupImpossible, Kept, Manifest, copy, digest_of

_TRIES = 5


@dataclass(frozen=True)
class _Database:
    """One moment of the database, and what it says that there must be besides."""

    files: dict[str, Kept]
    log_size: int
    log_root: str
    named: dict[Any, dict[str, int]]
    documents: tuple[str, ...]
    tables: dict[str, list[str]]
    sequences: dict[str, list[Any]]


def back_up(house: House, folder: Path, *, with_secrets: bool = False) -> Manifest:
    """Copy the exchange into a new or empty folder; answers what is there. The signer's head is not copied.

    Raises BackupImpossible when the folder holds something, or a file that the database names is not kept.
    """
    _make(house.settings, folder)
    path = sqlite_copy.path_of(house.settings.database) if house.db.sqlite else None
    files: dict[str, Kept] = {}
    for _ in range(_TRIES):
        folders.copy_all(house.settings.data, folder, files, path)
        database = _copy_database(house, folder / DATABASE)
        folders.copy_all(house.settings.data, folder, files, path)
        missing = _missing(house.settings, folder, database)
        if not missing:
            break
    else:
        raise BackupImpossible(f"The database names {missing[0]}, which is not kept: see `piaohao files check`.")
    files |= {f"{DATABASE}/{name}": kept for name, kept in database.files.items()}
    if with_secrets:
        files |= _copy_secrets(house.settings, folder)
    manifest = _manifest(house, database, files)
    manifest.write(folder)
    stamp.note(house)
    return manifest


def _make(settings: Settings, folder: Path) -> None:
    if folder.resolve().is_relative_to(settings.data.resolve()):
        raise BackupImpossible("A backup in the data folder is none: choose a folder elsewhere.")
    if folder.exists() and any(folder.iterdir()):
        unfinished = "" if (folder / NAME).exists() else " It has no manifest: if a backup broke off there, remove it."
        raise BackupImpossible(f"{folder} is not empty: each backup is made into a folder of its own.{unfinished}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _copy_database(house: House, target: Path) -> _Database:
    if not house.db.sqlite:
        return house.db.read(lambda uow: _tables(uow, target))  # all in one snapshot; what is written is replaced
    try:
        made = sqlite_copy.copy_out(sqlite_copy.path_of(house.settings.database), target)
    except ValueError as error:
        raise BackupImpossible(str(error)) from None
    return _read_copy(house, made)


def _tables(uow: Uow, target: Path) -> _Database:
    chosen = postgresql_copy.tables(uow.connection)
    counted = postgresql_copy.sequences(uow.connection)
    files = postgresql_copy.copy_out(uow.connection, target, chosen)
    return dataclasses.replace(_described(uow, chosen, counted), files=files)


def _read_copy(house: House, path: Path) -> _Database:
    """What the copy says, not the database that has gone on."""
    copied = Database(f"sqlite:///{path}")
    copied.attach(house)
    try:
        found = copied.read(lambda uow: _described(uow, {}, {}))
    finally:
        copied.engine.dispose()
    sqlite_copy.close(path)
    return dataclasses.replace(found, files={path.name: Kept(path.stat().st_size, digest_of(path))})


def _described(uow: Uow, tables: dict[str, list[str]], sequences: dict[str, list[Any]]) -> _Database:
    size, root = queries.head(uow)
    return _Database({}, size, root, kept_files.named_bytes(uow), tuple(documents.ids(uow)), tables, sequences)


def _missing(settings: Settings, folder: Path, database: _Database) -> list[str]:
    """What the database names and the copy does not have. Files in a bucket are not copied, so not looked for."""
    if bucket_of(settings, "") is not None:
        return []
    found, copied = [], dataclasses.replace(settings, data=folder / FILES)
    for kind, named in database.named.items():
        store = local_store(copied, kind)
        found += [f"{kind} {digest}" for digest, size in named.items() if store.size(digest) != size]
    for each in database.documents:
        if not (folder / FILES / "documents" / each[-2:] / each).is_file():
            found.append(f"document {each}")
    return found


def _copy_secrets(settings: Settings, folder: Path) -> dict[str, Kept]:
    return {f"{SECRETS}/{path.name}": copy(path, folder / SECRETS / path.name) for path in secret_files(settings)}


def secret_files(settings: Settings) -> Iterable[Path]:
    return (path for path in sorted((settings.data / "secrets").glob("[!.]*")) if path.is_file())


def fingerprints(settings: Settings) -> dict[str, str]:
    """What tells whether secrets are the same, and nothing else of them: they are random, and long."""
    return {path.name: fingerprint(path) for path in secret_files(settings)}


def fingerprint(path: Path) -> str:
    return hashlib.sha256(b"piaohao backup\n" + path.read_bytes()).hexdigest()


def _manifest(house: House, database: _Database, files: dict[str, Kept]) -> Manifest:
    return Manifest(
        made_at=house.clock.now().isoformat(timespec="seconds"), revision=migrations.head(),
        dialect="sqlite" if house.db.sqlite else "postgresql", log_origin=epochs.origin(house),
        log_size=database.log_size, log_root=database.log_root, in_bucket=house.settings.s3_bucket, files=files,
        secrets=fingerprints(house.settings), tables=database.tables, sequences=database.sequences,
    )  # fmt: skip
