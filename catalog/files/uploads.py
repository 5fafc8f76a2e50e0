"""The partial file of an upload: parts are written at their offset, then the whole is compared with what was declared."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

from catalog.files.errors import PartCutShort
from catalog.files.store import CHUNK_BYTES, told_when_full
from core.house import House


def partial_path(house: House, upload_id: str) -> Path:
    return house.settings.data / "uploads" / upload_id


def write_part(path: Path, offset: int, source: BinaryIO, length: int) -> None:
    """Write exactly ``length`` bytes at ``offset``. Raises PartCutShort; what came of the part is cut off again."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with told_when_full(), os.fdopen(descriptor, "r+b") as file:
        try:
            file.seek(offset)
            _copy(source, file, length)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            _cut(file, offset)
            raise


def _copy(source: BinaryIO, file: BinaryIO, length: int) -> None:
    left = length
    while left:
        chunk = source.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise PartCutShort(f"{length - left} of {length} bytes came.", hint="Send the part again.")
        file.write(chunk)
        left -= len(chunk)


def _cut(file: BinaryIO, offset: int) -> None:
    try:
        file.truncate(offset)
    except OSError:
        return


def digest_of(path: Path) -> str:
    """SHA-256 of a file, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
