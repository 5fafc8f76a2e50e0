"""The content-addressed store: a file's name in it is the SHA-256 of its bytes, and it never changes.

Bytes of a raw class, kept behind a desensitised listing, lie under another root that no delivery
reads.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import uuid4

from core.problems import StorageFull

CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"\A[0-9a-f]{64}\Z")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FileMissing(Exception):
    """The store has no such bytes, although it should."""


class FileStore(Protocol):
    """What every store can do."""

    def put(self, source: BinaryIO) -> tuple[str, int]:
        """Keep the stream; answers (SHA-256, bytes). Raises StorageFull and keeps nothing then."""
        ...

    def adopt(self, path: Path, digest: str) -> None:
        """Move a local file of known hash into the store."""
        ...

    def read(self, digest: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a range, in chunks. Raises FileMissing at once."""
        ...

    def open(self, digest: str) -> BinaryIO:
        """A readable stream. Raises FileMissing."""
        ...


class LocalFileStore:
    """Files in a folder, made durable by fsync and rename."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, source: BinaryIO) -> tuple[str, int]:
        digest, size = hashlib.sha256(), 0
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._root / f".{uuid4().hex}.tmp"
        try:
            with told_when_full(), temporary.open("wb") as target:
                while chunk := source.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
            self._rename(temporary, digest.hexdigest())
        finally:
            temporary.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def adopt(self, path: Path, digest: str) -> None:
        with told_when_full():
            with path.open("rb") as file:
                os.fsync(file.fileno())
            self._rename(path, digest)

    def read(self, digest: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        file = self.open(digest)
        file.seek(start)
        return _chunks(file, length)

    def open(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except FileNotFoundError:
            raise FileMissing(digest) from None

    def _rename(self, source: Path, digest: str) -> None:
        target = self._path(digest)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        source.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.match(digest):
            raise FileMissing(digest)
        return self._root / digest[:2] / digest[2:4] / digest


def _chunks(file: BinaryIO, length: int | None) -> Iterator[bytes]:
    with file:
        left = length
        while left is None or left > 0:
            chunk = file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
            if not chunk:
                return
            left = None if left is None else left - len(chunk)
            yield chunk


@contextmanager
def told_when_full() -> Iterator[None]:
    """Turn "no room" of the file system into a problem document."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull("Nothing was kept.", hint="Free some space, then send it again.") from error
        raise
