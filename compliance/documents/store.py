"""Where documents lie: each sealed under its id, in a folder, or a part of the bucket, that no delivery reads."""

from __future__ import annotations

import os
from pathlib import Path

from compliance.documents import queries
from compliance.documents.errors import DocumentNotFound
from core.buckets import Bucket, ObjectMissing, bucket_of
from core.durable import sync_folder
from core.house import House

SEALED_BY = "documents"


def keep(house: House, document_id: str, content: bytes) -> None:
    """Durably, before the row that names it is committed."""
    sealed = house.keyring.encrypt(SEALED_BY, content, document_id.encode())
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
    sync_folder(path.parent)


def content(house: House, document_id: str) -> bytes:
    """The bytes as they were handed in. Raises DocumentNotFound when they were erased."""
    bucket = _bucket(house)
    try:
        sealed = _path(house, document_id).read_bytes() if bucket is None else bucket.get(document_id)
    except (FileNotFoundError, ObjectMissing):
        raise DocumentNotFound() from None
    return house.keyring.decrypt(SEALED_BY, sealed, document_id.encode())


def erase(house: House, document_id: str) -> None:
    """Remove the bytes; erasing twice is no failure."""
    bucket = _bucket(house)
    if bucket is not None:
        bucket.remove([document_id])
    _path(house, document_id).unlink(missing_ok=True)


def seal_anew(house: House) -> int:
    """Seal under the present secret what an older one sealed; answers how many documents that were."""
    return sum(_one_anew(house, each) for each in house.db.read(queries.ids))


def _one_anew(house: House, document_id: str) -> bool:
    bucket = _bucket(house)
    try:
        sealed = _path(house, document_id).read_bytes() if bucket is None else bucket.get(document_id)
    except (FileNotFoundError, ObjectMissing):
        return False  # erased meanwhile
    fresh = house.keyring.sealed_anew(SEALED_BY, sealed, document_id.encode())
    if fresh is None:
        return False
    if bucket is None:
        _write(_path(house, document_id), fresh)
    else:
        bucket.put(document_id, fresh)
    return True


def is_kept(house: House, document_id: str) -> bool:
    """Whether its bytes are where they should be."""
    bucket = _bucket(house)
    return _path(house, document_id).is_file() if bucket is None else bucket.size(document_id) is not None


def send(house: House, document_id: str) -> bool:
    """Copy one from the data folder into the bucket, unless it is there; answers whether it was sent."""
    bucket, path = _bucket(house), _path(house, document_id)
    if bucket is None or not path.is_file() or bucket.size(document_id) is not None:
        return False
    bucket.put(document_id, path.read_bytes())
    return True


def _bucket(house: House) -> Bucket | None:
    return bucket_of(house.settings, "closed/documents/")


def _path(house: House, document_id: str) -> Path:
    return house.settings.data / "documents" / document_id[-2:] / document_id
