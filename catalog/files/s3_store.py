"""The same store in a bucket: each file an object, named as the folder names it.

What comes is always sent whole: whether somebody else had these bytes already shows in nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from catalog.files.store import CHUNK_BYTES, FileMissing, place_of, sweep_folder, told_when_full
from core.buckets import Bucket, ObjectMissing


class S3FileStore:
    """Objects of one bucket. Its methods also raise StoreAway. A stream of unknown hash lies in ``scratch`` first."""

    def __init__(self, bucket: Bucket, scratch: Path) -> None:
        self._bucket, self._scratch = bucket, scratch

    def put(self, source: BinaryIO) -> tuple[str, int]:
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._scratch / f"{uuid4().hex}.tmp"
        try:
            with told_when_full():
                digest, size = _copy(source, temporary)
            self.adopt(temporary, digest)
        finally:
            temporary.unlink(missing_ok=True)
        return digest, size

    def adopt(self, path: Path, digest: str) -> None:
        with path.open("rb") as file:
            self._bucket.put_file(place_of(digest), file, digest)

    def read(self, digest: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        try:
            return self._bucket.read(place_of(digest), start=start, length=length)
        except ObjectMissing:
            raise FileMissing(digest) from None

    def open(self, digest: str) -> BinaryIO:
        try:
            return self._bucket.open(place_of(digest))
        except ObjectMissing:
            raise FileMissing(digest) from None

    def remove(self, digest: str) -> None:
        self._bucket.remove([place_of(digest)])

    def size(self, digest: str) -> int | None:
        return self._bucket.size(place_of(digest))

    def kept(self) -> Iterator[tuple[str, int]]:
        for name, size, _ in self._bucket.names():
            digest = name.rpartition("/")[2]
            if name == _place_or_none(digest):
                yield digest, size

    def sweep(self, older_than_s: float) -> int:
        return sweep_folder(self._scratch, "*.tmp", older_than_s) + self._bucket.sweep(older_than_s)


def _place_or_none(digest: str) -> str | None:
    try:
        return place_of(digest)
    except FileMissing:
        return None


def _copy(source: BinaryIO, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return digest.hexdigest(), size
