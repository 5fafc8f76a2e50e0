"""What a backup holds, in a file that is written last: a backup without it is not finished."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.durable import write_whole
from exchange.installation import CannotStart

FORMAT, VERSION = "piaohao-backup", 1
NAME = "manifest.json"
DATABASE, FILES, SECRETS = "database", "data", "secrets"
_CHUNK_BYTES = 1 << 20


class BackupImpossible(CannotStart):
    """Why there is no backup, or none is put back, in a sentence."""


@dataclass(frozen=True)
class Kept:
    """One file of the backup."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """``files`` by their paths below the backup's folder; ``tables`` with their columns and ``sequences`` are those of

    a PostgreSQL database, ``secrets`` the fingerprints of the secrets that open what is sealed.
    """

    made_at: str
    revision: str
    dialect: str
    log_origin: str
    log_size: int
    log_root: str
    in_bucket: str
    files: dict[str, Kept]
    secrets: dict[str, str]
    tables: dict[str, list[str]] = field(default_factory=dict)
    sequences: dict[str, list[Any]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        text = json.dumps({"format": FORMAT, "version": VERSION} | dataclasses.asdict(self), indent=1, sort_keys=True)
        write_whole(folder / NAME, text.encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Raises BackupImpossible for what is no finished backup of this version."""
        try:
            document = json.loads((folder / NAME).read_text("utf-8"))
        except FileNotFoundError:
            raise BackupImpossible(f"{folder} holds no finished backup: there is no {NAME} in it.") from None
        except (OSError, ValueError) as error:
            raise BackupImpossible(f"{folder / NAME} cannot be read: {error}") from None
        try:
            if (document.pop("format"), document.pop("version")) != (FORMAT, VERSION):
                raise BackupImpossible(f"{folder} is no backup that this program reads.")
            document["files"] = {name: Kept(**kept) for name, kept in document["files"].items()}
            return cls(**document)
        except (AttributeError, KeyError, TypeError) as error:
            raise BackupImpossible(f"{folder / NAME} is not whole: {error}") from None

    def faults(self, folder: Path) -> list[str]:
        """Every file that is not what it was, and every one that climbs out of the backup."""
        found = []
        for name, kept in self.files.items():
            path = folder / name
            if not path.resolve().is_relative_to(folder.resolve()):
                found.append(f"{name} lies outside of the backup")
            elif not path.is_file():
                found.append(f"{name} is missing")
            elif (path.stat().st_size, digest_of(path)) != (kept.size, kept.sha256):
                found.append(f"{name} is damaged")
        return found


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(source: Path, target: Path) -> Kept:
    """Copy one file durably, with its times; the hash is that of the bytes that were written."""
    digest, size = hashlib.sha256(), 0
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.copy")
    with source.open("rb") as reading, os.fdopen(os.open(temporary, _NEW, 0o600), "wb") as writing:
        before = os.fstat(reading.fileno())
        while chunk := reading.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    os.utime(temporary, ns=(before.st_atime_ns, before.st_mtime_ns))
    temporary.replace(target)
    return Kept(size, digest.hexdigest())


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
