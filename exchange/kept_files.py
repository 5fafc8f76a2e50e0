"""Whether the bytes that the database names are kept, and moving them from the data folder into a bucket.

Neither changes a row: a file has the same name in either store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.files import queries as files
from catalog.files.classes import StoreClass, local_store, store_of
from catalog.files.s3_parts import PART_PREFIX, add_at
from catalog.files.store import FileStore
from catalog.files.types import PART_BYTES
from catalog.files.uploads import folder as uploads_folder
from compliance.documents import queries as documents
from compliance.documents import store as document_store
from compliance.exports import counting
from core.buckets import bucket_of
from core.db import Uow
from core.house import House
from exchange.delivery import queries as delivery
from exchange.disputes import queries as disputes

Named = dict[str, int]
"""Size by SHA-256."""
Told = Callable[[str], None]


class CannotMove(Exception):
    """Why files cannot be moved, in a sentence."""


@dataclass(frozen=True)
class Fault:
    """``missing`` or ``size`` or ``damaged``: what the database names and the store does not have as it was;
    ``extra``: what the store has and nothing names, of an upload that was never committed or an organisation's own.
    """

    kind: str
    store: str
    name: str

    @property
    def grave(self) -> bool:
        return self.kind != "extra"


def check(house: House, *, hashes: bool = False) -> Iterator[Fault]:
    """What differs between database and stores; with ``hashes`` every byte is read and compared."""
    for kind, named in house.db.read(named_bytes).items():
        yield from _compared(store_of(house.settings, kind), kind, named, hashes=hashes)
    for document_id in house.db.read(documents.ids):
        if not document_store.is_kept(house, document_id):
            yield Fault("missing", "documents", document_id)


def named_bytes(uow: Uow) -> dict[StoreClass, Named]:
    return {
        StoreClass.DELIVERY: files.stored_bytes(uow) | delivery.copied_bytes(uow),
        StoreClass.LEAKS: delivery.untraced_bytes(uow),
        StoreClass.EVIDENCE: disputes.exhibited_bytes(uow),
    }


def _compared(store: FileStore, kind: StoreClass, named: Named, *, hashes: bool) -> Iterator[Fault]:
    kept = dict(store.kept())
    for digest, size in named.items():
        if digest not in kept:
            yield Fault("missing", kind, digest)
        elif kept[digest] != size:
            yield Fault("size", kind, digest)
        elif hashes and _digest(store, digest) != digest:
            yield Fault("damaged", kind, digest)
    yield from (Fault("extra", kind, digest) for digest in kept.keys() - named.keys())


def _digest(store: FileStore, digest: str) -> str:
    found = hashlib.sha256()
    for chunk in store.read(digest):
        found.update(chunk)
    return found.hexdigest()


def move(house: House, told: Told) -> Iterator[Fault]:
    """Copy everything of the data folder into the bucket; what is there already is passed over, so it can be repeated.

    The folder keeps its files. Faults are files whose bytes are not what their name says. Raises CannotMove.
    """
    if bucket_of(house.settings, "") is None:
        raise CannotMove("Set PIAOHAO_S3_BUCKET and what belongs to it, for this command at least.")
    for kind in StoreClass:
        yield from _move_class(local_store(house.settings, kind), store_of(house.settings, kind), kind, told)
    _move_documents(house, told)
    counting.store(house).send_all()
    _move_parts(house, told)


def _move_class(source: FileStore, target: FileStore, kind: StoreClass, told: Told) -> Iterator[Fault]:
    there = dict(target.kept())
    for digest, size in source.kept():
        if there.get(digest) == size:
            continue
        with source.open(digest) as stream:
            path = Path(stream.name)
        try:
            target.adopt(path, digest)
        except ValueError:
            yield Fault("damaged", kind, digest)
        else:
            told(f"{kind}\t{digest}\t{size}")


def _move_documents(house: House, told: Told) -> None:
    for document_id in house.db.read(documents.ids):
        if document_store.send(house, document_id):
            told(f"documents\t{document_id}")


def _move_parts(house: House, told: Told) -> None:
    """The parts of uploads that go on, cut as they may come."""
    bucket = bucket_of(house.settings, PART_PREFIX)
    assert bucket is not None
    for upload_id in house.db.read(files.open_uploads):
        path = uploads_folder(house) / upload_id
        if not path.is_file():
            continue
        with path.open("rb") as file:
            while part := file.read(PART_BYTES):
                add_at(bucket, upload_id, file.tell() - len(part), part)
        told(f"uploads\t{upload_id}")
