"""Where the log is published: a folder that a web server shows, or whatever else keeps named bytes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from core.buckets import Bucket, ObjectMissing
from core.buckets import Place as BucketPlace
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
        temporary = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            with temporary.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync(path.parent)

    def clear(self, prefix: str) -> None:
        shutil.rmtree(self._root / prefix, ignore_errors=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
    where = BucketPlace(
        settings.s3_url, bucket, settings.s3_region, settings.s3_access_key, settings.s3_secret_key
    )  # fmt: skip
    return Objects(Bucket(where, f"{prefix.strip('/')}/" if prefix.strip("/") else ""))
