"""The content-addressed store: a file's name in it is the SHA-256 of its bytes, and it never changes.

Bytes of a raw class, kept behind a desensitised listing, lie under another root that no delivery
reads.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from core.durable import sync_folder
from core.problems import StorageFull

CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"\A[0-9a-f]{64}\Z")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK}


class FileMissing(Exception):
    """The store has no such bytes, although it should."""


class FileStore(Protocol):
    """What every store can do."""

    def put(self, source: BinaryIO) -> tuple[str, int]:
        """Keep the stream; answers (SHA-256, bytes). Raises StorageFull and keeps nothing then."""
        ...

    def adopt(self, path: Path, digest: str) -> None:
        """Keep a local file of known hash; the file itself stays where it is. Raises StorageFull."""
        ...

    def read(self, digest: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a range, in chunks. Raises FileMissing at once."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """A readable stream. Raises FileMissing."""
        ...

    def remove(self, digest: str) -> None:
        """Let go of bytes that are of no use any more; nothing, when they are gone already."""
        ...

    def size(self, digest: str) -> int | None:
        """How many bytes are kept under that name; None when there are none."""
        ...

    def kept(self) -> Iterator[tuple[str, int]]:
        """Name and size of everything that is kept."""
        ...

    def sweep(self, older_than_s: float) -> int:
        """Remove what interrupted writers left; answers how many files that were."""
        ...


class LocalFileStore:
    """Files in a folder, made durable by fsync and rename."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, source: BinaryIO) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        with self._temporary() as temporary:
            with temporary.open("xb") as target:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
            self._keep(temporary, digest.hexdigest())
        return digest.hexdigest(), size

    def adopt(self, path: Path, digest: str) -> None:
        with self._temporary() as temporary:
            _link(path, temporary)
            self._keep(temporary, digest)

    def read(self, digest: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        file = self.open(digest)
        file.seek(start)
        return _chunks(file, length)

    def open(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise FileMissing(digest) from None

    def remove(self, digest: str) -> None:
        self._path(digest).unlink(missing_ok=True)

    def size(self, digest: str) -> int | None:
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def kept(self) -> Iterator[tuple[str, int]]:
        for path in self._root.glob("??/??/*"):
            if _DIGEST.match(path.name):
                yield path.name, path.stat().st_size

    def sweep(self, older_than_s: float) -> int:
        return sweep_folder(self._root, "*.tmp", older_than_s)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """A path to write to; nothing stays there, however it ends."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._root / f"{uuid4().hex}.tmp"
        try:
            with told_when_full():
                yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _keep(self, temporary: Path, digest: str) -> None:
        target = self._path(digest)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.replace(target)
        for folder in (target.parent, target.parent.parent, self._root):
            sync_folder(folder)

    def _path(self, digest: str) -> Path:
        return self._root / place_of(digest)


def place_of(digest: str) -> str:
    """Where a store has these bytes, below its root. Raises FileMissing for what is no digest."""
    if not _DIGEST.match(digest):
        raise FileMissing(digest)
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def _link(source: Path, target: Path) -> None:
    """Give the file a second name, or copy it where that is not possible."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def _chunks(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    with file:
        left = length
        while left is None or left > 0:
            chunk = file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not chunk:
                return
            left = None if left is None else left - len(chunk)
            yield chunk


def sweep_folder(folder: Path, pattern: str, older_than_s: float) -> int:
    """Remove files that nobody has written to for so long; answers how many."""
    removed = 0
    for path in folder.glob(pattern):
        try:
            if time.time() - path.stat().st_mtime > older_than_s:
                path.unlink()
                removed += 1
        except FileNotFoundError:
            continue
    return removed


@contextmanager
def told_when_full() -> Iterator[None]:
    """Turn "no room" of the file system into a problem document."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("Nothing was kept.", hint="Free some space, then send it again.") from error
        raise
