"""Where the log is published: a folder that a web server shows, or whatever else keeps named bytes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Protocol

from core.buckets import Bucket, ObjectMissing, bucket_named
from core.durable import write_whole
from core.settings import Settings


class Place(Protocol):
    """Named bytes, readable by everybody who may read the place."""

    def read(self, name: str) -> bytes | None:
        """The bytes of that name; None when there are none."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Keep the bytes under that name, durably and whole, instead of what stood there."""
        ...

    def clear(self, prefix: str) -> None:
        """Let go of all names that begin with ``prefix`` and a slash."""
        ...


class Folder:
    """A folder of the file system: its files are whole at every moment, and survive a loss of power."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes | None:
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)

    def clear(self, prefix: str) -> None:
        shutil.rmtree(self._root / prefix, ignore_errors=True)


class Objects:
    """A part of an S3 bucket; who may read it is the bucket's own policy."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read(self, name: str) -> bytes | None:
        try:
            return self._bucket.get(name)
        except ObjectMissing:
            return None

    def write(self, name: str, content: bytes) -> None:
        self._bucket.put(name, content)

    def clear(self, prefix: str) -> None:
        self._bucket.remove([name for name, _, _ in self._bucket.names(f"{prefix}/")])


def named(settings: Settings) -> dict[str, Place]:
    """The places of the setting ``log_publish`` as they are written there. Raises ValueError for what is none."""
    return {text: place_of(settings, text) for text in filter(None, map(str.strip, settings.log_publish.split(",")))}


def place_of(settings: Settings, text: str) -> Place:
    """A folder, or ``s3://bucket/prefix`` by the address and keys of the settings. Raises ValueError."""
    if not text.startswith("s3://"):
        return Folder(Path(text).absolute())
    bucket, _, prefix = text.removeprefix("s3://").partition("/")
    if not bucket or not settings.s3_access_key:
        raise ValueError(f"{text}: name a bucket, and set PIAOHAO_S3_URL and its keys")
    below = prefix.strip("/")
    return Objects(bucket_named(settings, bucket, f"{below}/" if below else ""))
