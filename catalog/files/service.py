"""What suppliers do with files: declare, send parts, complete; or hand in one whole."""

from __future__ import annotations

import json
import mimetypes
import re
from datetime import timedelta
from pathlib import PurePath
from typing import BinaryIO, cast

from sqlalchemy import delete

from catalog import profiles
from catalog.files import persons, queries, scanning, uploads
from catalog.files.errors import (
    ChecksumMismatch,
    FormFileTooLarge,
    PartMisplaced,
    PartTooLarge,
    UploadFinished,
    UploadIncomplete,
    UploadTooLarge,
)
from catalog.files.models import StoredFile, Upload
from catalog.files.s3_parts import parts_of
from catalog.files.store import FileStore, sweep_folder
from catalog.files.types import FORM_BYTES, PART_BYTES, FileSnapshot, UploadSnapshot
from compliance.audit.service import record
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import Invalid, Sentence

_KEPT = timedelta(days=7)
_INTERRUPTED_S = 24 * 3600.0
_NAME = re.compile(r"[\x00-\x1f\x7f/\\]")
_MEDIA_TYPES = {
    ".jsonl": "application/x-ndjson", ".ndjson": "application/x-ndjson", ".csv": "text/csv",
    ".tsv": "text/tab-separated-values", ".parquet": "application/vnd.apache.parquet",
}  # fmt: skip


def declare(uow: Uow, actor: Actor, *, name: str, size: int, sha256: str) -> UploadSnapshot:
    """Announce a file: its name, length and SHA-256. Raises PolicyRefused, UploadTooLarge, Invalid.

    Whether these bytes are known already is never told: it would tell what others have.
    """
    _may_upload(actor)
    most = uow.house.settings.max_upload_bytes
    if size > most:
        raise UploadTooLarge(Sentence("At most %(most)s bytes.", most=most), field="size", most_bytes=most)
    upload = Upload(
        id=new_id("upl"), owner_id=actor.organisation_id, name=clean_name(name), size=size, sha256=sha256.lower(),
        received=0, state="open", created_at=uow.now(), expires_at=uow.now() + _KEPT,
    )  # fmt: skip
    uow.session.add(upload)
    uow.session.flush()
    return upload.snapshot()


def receive_part(
    house: House, actor: Actor, upload_id: str, *, offset: int, length: int, source: BinaryIO
) -> UploadSnapshot:
    """Take one part. One that is here already is taken again; one that leaves a gap or overlaps is refused.

    Raises UploadNotFound, UploadFinished, PartTooLarge, PartMisplaced, PartCutShort, StorageFull.
    """
    upload = house.db.read(lambda uow: queries.get_upload(uow, actor, upload_id))
    if _is_here(upload, offset, length):
        uploads.swallow(source, length)
        return upload
    parts, part = parts_of(house), uploads.receive(uploads.partial_path(house, upload_id), source, length)
    try:
        with parts.turn(upload_id):
            upload = house.db.read(lambda uow: queries.get_upload(uow, actor, upload_id))
            if _is_here(upload, offset, length):
                return upload
            reached = parts.add(upload_id, part, offset)
            return house.db.write(lambda uow: _advance(uow, actor, upload_id, reached))
    finally:
        part.unlink(missing_ok=True)


def _is_here(upload: UploadSnapshot, offset: int, length: int) -> bool:
    """Whether the part was received before. Raises when it can never be taken, or not at this place."""
    if upload.state != "open":
        raise UploadFinished("Its parts have all been taken.", file_id=upload.file_id)
    if length > PART_BYTES:
        raise PartTooLarge(Sentence("A part has at most %(most)s bytes.", most=PART_BYTES), most_bytes=PART_BYTES)
    if offset + length <= upload.received:
        return True
    if offset != upload.received or offset + length > upload.size:
        raise PartMisplaced(
            Sentence("%(received)s of %(size)s bytes are here.", received=upload.received, size=upload.size),
            field="offset",
            expected_offset=upload.received,
        )
    return False


def _advance(uow: Uow, actor: Actor, upload_id: str, reached: int) -> UploadSnapshot:
    upload = queries.load_upload(uow, actor, upload_id)
    upload.received = max(upload.received, reached)
    return upload.snapshot()


def complete(house: House, actor: Actor, upload_id: str) -> FileSnapshot:
    """Compare length and hash, look at the beginning, keep the bytes. Doing it twice answers the same file.

    What is left to look at in a large file a job does: ``scanning`` of the answer tells how far it is.

    Raises UploadNotFound, UploadIncomplete, UploadBusy, StorageFull, ChecksumMismatch (the parts are dropped).
    """
    upload = house.db.read(lambda uow: queries.get_upload(uow, actor, upload_id))
    if upload.file_id is None:
        _check_length(upload, upload.received)
        with parts_of(house).turn(upload_id, wait=False):
            upload = house.db.read(lambda uow: queries.get_upload(uow, actor, upload_id))
            if upload.file_id is None:
                return _take_over(house, actor, upload)
    file_id = upload.file_id
    return house.db.read(lambda uow: queries.get_file(uow, actor, file_id))


def _check_length(upload: UploadSnapshot, present: int) -> None:
    if present != upload.size:
        raise UploadIncomplete(
            Sentence("%(received)s of %(size)s bytes are here.", received=present, size=upload.size),
            expected_offset=present,
        )


def _take_over(house: House, actor: Actor, upload: UploadSnapshot) -> FileSnapshot:
    """The parts stay until the row that names their bytes is committed: killed in between, do it again."""
    parts = parts_of(house)
    with parts.whole(upload.id) as path, path.open("rb") as file:
        if path.stat().st_size != upload.size:  # lost by the store after it had been acknowledged
            _begin_again(house, actor, upload, parts)
            _check_length(upload, 0)
        found = uploads.digest_of(file)
        if found != upload.sha256:
            _begin_again(house, actor, upload, parts)
            raise ChecksumMismatch(
                "The parts were dropped; send them again.", field="sha256", declared=upload.sha256, received=found
            )
        described = profiles.describe(path, upload.name, most=house.settings.scanned_at_once_bytes)
        counted = persons.count(house, file, upload.name, upload.size, described)
        _store(house).adopt(path, upload.sha256)
    kept = house.db.write(lambda uow: _finish(uow, actor, upload, described, counted))
    parts.drop(upload.id)
    return kept


def _begin_again(house: House, actor: Actor, upload: UploadSnapshot, parts: uploads.Parts) -> None:
    def forget(uow: Uow) -> None:
        queries.load_upload(uow, actor, upload.id).received = 0

    parts.empty(upload.id)
    house.db.write(forget)


def _finish(
    uow: Uow, actor: Actor, upload: UploadSnapshot, described: profiles.Description, counted: persons.Counted
) -> FileSnapshot:
    row = queries.load_upload(uow, actor, upload.id)
    if row.file_id is not None:
        return queries.get_file(uow, actor, row.file_id)
    file = _add_file(uow, actor, upload.name, upload.size, upload.sha256, described, counted)
    row.state, row.file_id = "complete", file.id
    return file


def store_form_file(house: House, actor: Actor, stream: BinaryIO, name: str) -> FileSnapshot:
    """Keep one whole file of a browser's form. Raises PolicyRefused, Invalid, FormFileTooLarge, StorageFull."""
    _may_upload(actor)
    cleaned = clean_name(name)
    digest, size = _store(house).put(cast(BinaryIO, _Bounded(stream)))
    with _store(house).open(digest) as kept:
        described = profiles.describe_stream(kept, cleaned, most=house.settings.scanned_at_once_bytes)
        counted = persons.count(house, kept, cleaned, size, described)
    return house.db.write(lambda uow: _add_file(uow, actor, cleaned, size, digest, described, counted))


class _Bounded:
    """A stream that refuses to give more than a form may hold."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._given = 0

    def read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self._given += len(chunk)
        if self._given > FORM_BYTES:
            raise FormFileTooLarge(
                Sentence("A form takes at most %(most)s bytes.", most=FORM_BYTES),
                hint="Send it in parts by the API.",
            )
        return chunk


def scan_again(uow: Uow, actor: Actor, file_id: str) -> FileSnapshot:
    """Another try of a scan that failed; one that did not is left as it is. Raises FileNotFound, PolicyRefused."""
    _may_upload(actor)
    file = queries.load_own(uow, actor, file_id)
    scanning.again(uow, file)
    return file.snapshot()


def sweep(house: House) -> int:
    """Remove what expired or interrupted uploads left on the disk; answers how many files that were."""
    house.db.write(_drop_expired)
    going_on = house.db.read(queries.open_uploads)
    removed = parts_of(house).sweep(going_on, _INTERRUPTED_S)
    removed += sweep_folder(uploads.folder(house), "*.part", _INTERRUPTED_S)
    removed += sweep_folder(house.settings.data / "files" / "sorting", "*.tmp", _INTERRUPTED_S)
    return removed + _store(house).sweep(_INTERRUPTED_S)


def _drop_expired(uow: Uow) -> None:
    uow.session.execute(delete(Upload).where(Upload.state == "open", Upload.expires_at <= uow.now()))


def _add_file(
    uow: Uow, actor: Actor, name: str, size: int, digest: str, described: profiles.Description,
    counted: persons.Counted,
) -> FileSnapshot:  # fmt: skip
    table = described.profile
    profile = json.dumps(table.as_dict(), ensure_ascii=False) if table else None
    file = StoredFile(
        id=new_id("fil"), owner_id=actor.organisation_id, name=name, size=size, sha256=digest,
        media_type=_media_type(name), rows=table.rows if table and table.complete else None, profile=profile,
        facts=json.dumps(described.facts, ensure_ascii=False), created_at=uow.now(),
        scan_state=scanning.state_of(described), scan_done=0, scan_total=size,
    )  # fmt: skip
    uow.session.add(file)
    uow.session.flush()
    persons.keep(uow, file, counted)
    scanning.enqueue(uow, file, counted=counted[1] != persons.BEING_COUNTED)
    record(
        uow, actor, action="file:store", object_id=file.id,
        data={"sha256": digest, "size": str(size)}, concerns=[actor.organisation_id or ""],
    )  # fmt: skip
    return file.snapshot()


def clean_name(name: str) -> str:
    """A file's name as it is shown and downloaded, without path or control characters. Raises Invalid if empty."""
    cleaned = _NAME.sub("_", PurePath(name.replace("\\", "/")).name).strip(" .")
    if not cleaned:
        raise Invalid("A file needs a name.", field="name")
    ending = PurePath(cleaned).suffix
    return cleaned if len(cleaned) <= 200 else cleaned[: 200 - len(ending[:20])] + ending[:20]


def _media_type(name: str) -> str:
    known = _MEDIA_TYPES.get(PurePath(name).suffix.lower())
    return (known or mimetypes.guess_type(name)[0] or "application/octet-stream")[:100]


def _may_upload(actor: Actor) -> None:
    require(actor, "upload:create", Resource("upload", "new", {"owner": actor.organisation_id}))


def _store(house: House) -> FileStore:
    return house.adapter(FileStore)  # type: ignore[type-abstract]
