"""The parts of uploads: received into a file of their own first, then added to what is there.

So a part that is cut short, or sent twice at once, never touches what is there already.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from catalog.files.errors import PartCutShort, UploadBusy
from catalog.files.store import CHUNK_BYTES, sweep_folder, told_when_full
from core.durable import sync_folder
from core.house import House
from core.problems import Sentence


def folder(house: House) -> Path:
    return house.settings.data / "uploads"


def partial_path(house: House, upload_id: str) -> Path:
    return folder(house) / upload_id


class Parts(Protocol):
    """Where the parts of uploads wait until the file is whole."""

    def turn(self, upload_id: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """One at a time changes an upload, as far as that can be had. Raises UploadBusy without ``wait``."""
        ...

    def add(self, upload_id: str, part: Path, offset: int) -> int:
        """Keep a part durably; answers how far the upload reaches with it. Raises StorageFull."""
        ...

    def whole(self, upload_id: str) -> AbstractContextManager[Path]:
        """All parts, one after the other, in one local file."""
        ...

    def empty(self, upload_id: str) -> None:
        """Drop the parts; more will come."""
        ...

    def drop(self, upload_id: str) -> None:
        """Drop the parts; none will come."""
        ...

    def sweep(self, going_on: set[str], older_than_s: float) -> int:
        """Remove what is left of other uploads; answers how many files that were."""
        ...


class LocalParts:
    """One growing file for each upload, under a lock of this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def turn(self, upload_id: str, *, wait: bool = True) -> Iterator[None]:
        with _locked(self._root / upload_id, wait=wait):
            yield

    def add(self, upload_id: str, part: Path, offset: int) -> int:
        with told_when_full(), (self._root / upload_id).open("r+b") as file:
            return _append(file, part, offset)

    @contextmanager
    def whole(self, upload_id: str) -> Iterator[Path]:
        yield self._root / upload_id

    def empty(self, upload_id: str) -> None:
        os.truncate(self._root / upload_id, 0)

    def drop(self, upload_id: str) -> None:
        (self._root / upload_id).unlink(missing_ok=True)

    def sweep(self, going_on: set[str], older_than_s: float) -> int:
        left = [path.name for path in self._root.glob("upl_*") if path.suffix == "" and path.name not in going_on]
        return sum(sweep_folder(self._root, name, older_than_s) for name in left)


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
def _locked(path: Path, *, wait: bool) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = not path.exists()
    with told_when_full(), os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        if fresh:
            sync_folder(path.parent)
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UploadBusy(hint="Ask again in a moment.") from None
        yield


def _append(file: BinaryIO, part: Path, offset: int) -> int:
    """Put the part at ``offset``, durably; answers where it ends. What does not fit is cut off again."""
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
    return file.tell()


def digest_of(file: BinaryIO) -> str:
    """SHA-256 of the whole file, read in chunks."""
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
