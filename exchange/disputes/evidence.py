"""The bytes of evidence: kept under a root of their own that no delivery reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from catalog.files.classes import StoreClass, store_of
from catalog.files.service import clean_name
from catalog.files.store import FileStore
from core.house import House
from core.problems import Invalid, Sentence
from exchange.disputes.errors import EvidenceTooLarge

MOST_BYTES = 16 << 20
_SHOWN = {"application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv", "application/json"}


@dataclass(frozen=True)
class Exhibit:
    """A file that was kept, not said in any dispute yet."""

    name: str
    media_type: str
    size: int
    sha256: str


def keep(house: House, source: BinaryIO, *, name: str, media_type: str) -> Exhibit:
    """Keep the stream. Raises EvidenceTooLarge, StorageFull, and Invalid for one without a name or a byte."""
    cleaned = clean_name(name)
    digest, size = _store(house).put(cast(BinaryIO, _Bounded(source)))
    if not size:
        raise Invalid("The file is empty.", field="file")
    known = media_type if media_type in _SHOWN else "application/octet-stream"
    return Exhibit(cleaned, known, size, digest)


def read(house: House, sha256: str) -> Iterator[bytes]:
    """The bytes in chunks. Raises FileMissing at once."""
    return _store(house).read(sha256)


class _Bounded:
    """A stream that refuses to give more than evidence may hold."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._given = 0

    def read(self, size: int) -> bytes:
        chunk = self._source.read(size)
        self._given += len(chunk)
        if self._given > MOST_BYTES:
            raise EvidenceTooLarge(Sentence("At most %(most)s bytes.", most=MOST_BYTES), most_bytes=MOST_BYTES)
        return chunk


def _store(house: House) -> FileStore:
    return store_of(house.settings, StoreClass.EVIDENCE)
