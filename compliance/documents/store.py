"""Where documents lie: each sealed under its id, in a folder, or a part of the bucket, that no delivery reads."""

from __future__ import annotations

import os
from pathlib import Path

from compliance.documents.errors import DocumentNotFound
from core.buckets import Bucket, ObjectMissing, bucket_of
from core.house import House

_KEY = "documents"


def keep(house: House, document_id: str, content: bytes) -> None:
    """Durably, before the row that names it is committed."""
    sealed = house.keyring.encrypt(_KEY, content, document_id.encode())
    bucket = _bucket(house)
    if bucket is not None:
        bucket.put(document_id, sealed)
    else:
        _write(_path(house, document_id), sealed)


def _write(path: Path, sealed: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def content(house: House, document_id: str) -> bytes:
    """The bytes as they were handed in. Raises DocumentNotFound when they were erased."""
    bucket = _bucket(house)
    try:
        sealed = _path(house, document_id).read_bytes() if bucket is None else bucket.get(document_id)
    except (FileNotFoundError, ObjectMissing):
        raise DocumentNotFound() from None
    return house.keyring.decrypt(_KEY, sealed, document_id.encode())


def erase(house: House, document_id: str) -> None:
    """Remove the bytes; erasing twice is no failure."""
    bucket = _bucket(house)
    if bucket is not None:
        bucket.remove([document_id])
    _path(house, document_id).unlink(missing_ok=True)


def _bucket(house: House) -> Bucket | None:
    return bucket_of(house.settings, "closed/documents/")


def _path(house: House, document_id: str) -> Path:
    return house.settings.data / "documents" / document_id[-2:] / document_id
