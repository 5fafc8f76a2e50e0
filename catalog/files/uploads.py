"""The partial file of an upload.

A part is received into a file of its own first, then appended under a lock: a part that is cut short, or
sent twice at once, never touches what is there already.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from catalog.files.errors import PartCutShort, UploadBusy
from catalog.files.store import CHUNK_BYTES, sync_folder, told_when_full
from core.house import House
from core.problems import Sentence


def folder(house: House) -> Path:
    return house.settings.data / "uploads"


def partial_path(house: House, upload_id: str) -> Path:
    return folder(house) / upload_id


def receive(path: Path, source: BinaryIO, length: int) -> Path:
    """Take exactly ``length`` bytes into a file beside ``path``; answers it.

    Raises PartCutShort or StorageFull, and leaves nothing behind then.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with told_when_full(), part.open("xb") as file:
            _copy(source, file, length)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _copy(source: BinaryIO, file: BinaryIO, length: int) -> None:
    left = length
    while left:
        chunk = source.read(min(CHUNK_BYTES, left))
        if not chunk:
            raise PartCutShort(
                Sentence("%(came)s of %(size)s bytes came.", came=length - left, size=length),
                hint="Send the part again.",
            )
        file.write(chunk)
        left -= len(chunk)


def swallow(source: BinaryIO, length: int) -> None:
    """Read a part that is here already."""
    while length > 0 and (chunk := source.read(min(length, CHUNK_BYTES))):
        length -= len(chunk)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[BinaryIO]:
    """The partial file, made if need be, for one at a time on this machine. Raises UploadBusy without ``wait``."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = not path.exists()
    with told_when_full(), os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        if fresh:
            sync_folder(path.parent)
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadBusy(hint="Ask again in a moment.") from None
        yield file


def append(file: BinaryIO, part: Path, offset: int) -> None:
    """Put the part at ``offset``, durably. What does not fit is cut off again."""
    try:
        file.truncate(offset)
        file.seek(offset)
        with part.open("rb") as source:
            shutil.copyfileobj(source, file, CHUNK_BYTES)
        file.flush()
        os.fsync(file.fileno())
    except OSError:
        os.truncate(file.fileno(), offset)
        raise


def digest_of(file: BinaryIO) -> str:
    """SHA-256 of the whole file, read in chunks."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
