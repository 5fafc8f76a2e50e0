"""The classes of stored bytes. Gateways and downloads read ``DELIVERY`` and no other.

Each is a folder of the data folder or, with a bucket, a prefix; all but the first lie below ``closed/`` there, so that
a key for gateways can be one that does not open them.
"""

from __future__ import annotations

from enum import StrEnum

from catalog.files.s3_store import S3FileStore
from catalog.files.store import FileStore, LocalFileStore
from core.buckets import bucket_of
from core.settings import Settings


class StoreClass(StrEnum):
    DELIVERY = "delivery"
    LEAKS = "leaks"
    EVIDENCE = "evidence"

    @property
    def prefix(self) -> str:
        return f"{self}/" if self is StoreClass.DELIVERY else f"closed/{self}/"


_FOLDERS = {
    StoreClass.DELIVERY: "files/delivery",
    StoreClass.LEAKS: "files/leaks",
    StoreClass.EVIDENCE: "evidence",
}


def local_store(settings: Settings, kind: StoreClass) -> LocalFileStore:
    """That of the data folder, whether it is in use or was before."""
    return LocalFileStore(settings.data / _FOLDERS[kind])


def store_of(settings: Settings, kind: StoreClass) -> FileStore:
    """The one in use."""
    bucket = bucket_of(settings, kind.prefix)
    if bucket is None:
        return local_store(settings, kind)
    return S3FileStore(bucket, settings.data / "files" / "sending")
