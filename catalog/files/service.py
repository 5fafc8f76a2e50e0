"""What suppliers do with files: declare, send parts, complete; or hand in one whole."""

from __future__ import annotations

import json
import mimetypes
import re
from datetime import timedelta
from pathlib import Path, PurePath
from typing import BinaryIO

from catalog import profiles
from catalog.files.errors import (
    ChecksumMismatch,
    PartMisplaced,
    PartTooLarge,
    UploadFinished,
    UploadIncomplete,
    UploadNotFound,
    UploadTooLarge,
)
from catalog.files.models import StoredFile, Upload
from catalog.files.store import FileStore
from catalog.files.types import PART_BYTES, FileSnapshot, UploadSnapshot
from catalog.files.uploads import digest_of, partial_path, write_part
from compliance.audit.service import record
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import Invalid

FORM_BYTES = 64 << 20
_KEPT = timedelta(days=7)
_NAME = re.compile(r"[\x00-\x1f\x7f/\\]")


def declare(uow: Uow, actor: Actor, *, name: str, size: int, sha256: str) -> UploadSnapshot:
    """Announce a file: its name, length and SHA-256. Raises PolicyRefused, UploadTooLarge, Invalid.

    Whether these bytes are known already is never told: it would tell what others have.
    """
    _may_upload(actor)
    if size > uow.house.settings.max_upload_bytes:
        raise UploadTooLarge(f"At most {uow.house.settings.max_upload_bytes} bytes.", field="size")
    upload = Upload(
        id=new_id("upl"), owner_id=actor.organisation_id, name=clean_name(name), size=size, sha256=sha256.lower(),
        received=0, state="open", created_at=uow.now(), expires_at=uow.now() + _KEPT,
    )  # fmt: skip
    uow.session.add(upload)
    uow.session.flush()
    return upload.snapshot()


def get_upload(uow: Uow, actor: Actor, upload_id: str) -> UploadSnapshot:
    """Raises UploadNotFound, also for another organisation's."""
    return _load(uow, actor, upload_id).snapshot()


def receive_part(
    house: House, actor: Actor, upload_id: str, *, offset: int, length: int, source: BinaryIO
) -> UploadSnapshot:
    """Take one part. A part that was sent before is taken again; one that leaves a gap is refused.

    Raises UploadNotFound, UploadFinished, PartTooLarge, PartMisplaced, PartCutShort, StorageFull.
    """
    upload = house.db.read(lambda uow: get_upload(uow, actor, upload_id))
    if upload.state != "open":
        raise UploadFinished("Its parts have all been taken.")
    if length > PART_BYTES:
        raise PartTooLarge(f"A part has at most {PART_BYTES} bytes.")
    if not 0 <= offset <= upload.received or offset + length > upload.size:
        raise PartMisplaced(
            f"Bytes 0 to {upload.received} of {upload.size} are here.", field="offset", expected_offset=upload.received
        )
    if offset + length <= upload.received:
        _swallow(source, length)  # a part sent twice: what is here stays as it is
        return upload
    write_part(partial_path(house, upload_id), offset, source, length)
    return house.db.write(lambda uow: _advance(uow, actor, upload_id, offset + length))


def _swallow(source: BinaryIO, length: int) -> None:
    while length > 0 and (chunk := source.read(min(length, 1 << 20))):
        length -= len(chunk)


def _advance(uow: Uow, actor: Actor, upload_id: str, reached: int) -> UploadSnapshot:
    upload = _load(uow, actor, upload_id)
    upload.received = max(upload.received, reached)
    return upload.snapshot()


def complete(house: House, actor: Actor, upload_id: str) -> FileSnapshot:
    """Compare length and hash, profile and scan, keep the bytes. Doing it twice answers the same file.

    Raises UploadNotFound, UploadIncomplete, ChecksumMismatch (the parts are dropped: begin again).
    """
    upload = house.db.read(lambda uow: get_upload(uow, actor, upload_id))
    if upload.file_id is not None:
        file_id = upload.file_id
        return house.db.read(lambda uow: get_file(uow, actor, file_id))
    if upload.received != upload.size:
        raise UploadIncomplete(
            f"{upload.received} of {upload.size} bytes are here.", expected_offset=upload.received
        )  # fmt: skip
    path = partial_path(house, upload_id)
    if upload.size == 0:
        write_part(path, 0, _nothing(), 0)
    _compare(house, actor, upload, path)
    described = profiles.describe(path, upload.name)
    house.adapter(FileStore).adopt(path, upload.sha256)  # type: ignore[type-abstract]
    return house.db.write(lambda uow: _finish(uow, actor, upload, described))


def _nothing() -> BinaryIO:
    import io

    return io.BytesIO()


def _compare(house: House, actor: Actor, upload: UploadSnapshot, path: Path) -> None:
    found = digest_of(path)
    if found == upload.sha256:
        return
    path.unlink(missing_ok=True)
    house.db.write(lambda uow: _begin_again(uow, actor, upload.id))
    raise ChecksumMismatch(
        "The parts were dropped; send them again.", field="sha256", declared=upload.sha256, received=found
    )


def _begin_again(uow: Uow, actor: Actor, upload_id: str) -> None:
    _load(uow, actor, upload_id).received = 0


def _finish(uow: Uow, actor: Actor, upload: UploadSnapshot, described: profiles.Description) -> FileSnapshot:
    row = _load(uow, actor, upload.id)
    if row.file_id is not None:
        return get_file(uow, actor, row.file_id)
    file = _add_file(uow, actor, upload.name, upload.size, upload.sha256, described)
    row.state, row.file_id = "complete", file.id
    return file


def store_form_file(house: House, actor: Actor, stream: BinaryIO, name: str) -> FileSnapshot:
    """Keep one whole file of a browser's form. Raises PolicyRefused, StorageFull."""
    _may_upload(actor)
    store: FileStore = house.adapter(FileStore)  # type: ignore[type-abstract]
    digest, size = store.put(stream)
    with store.open(digest) as kept:
        described = profiles.describe_stream(kept, name)
    return house.db.write(lambda uow: _add_file(uow, actor, clean_name(name), size, digest, described))


def _add_file(
    uow: Uow, actor: Actor, name: str, size: int, digest: str, described: profiles.Description
) -> FileSnapshot:
    profile = json.dumps(described.profile.as_dict(), ensure_ascii=False) if described.profile else None
    file = StoredFile(
        id=new_id("fil"), owner_id=actor.organisation_id, name=name, size=size, sha256=digest,
        media_type=_media_type(name), profile=profile, facts=json.dumps(described.facts), created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(file)
    record(
        uow, actor, action="file:store", object_id=file.id,
        data={"sha256": digest, "size": str(size)}, concerns=[actor.organisation_id or ""],
    )  # fmt: skip
    return file.snapshot()


def get_file(uow: Uow, actor: Actor, file_id: str) -> FileSnapshot:
    """A file of the own organisation. Raises UploadNotFound."""
    row = uow.session.get(StoredFile, file_id)
    if row is None or row.owner_id != actor.organisation_id:
        raise UploadNotFound("There is no such file.")
    return row.snapshot()


def clean_name(name: str) -> str:
    """A file's name as it is shown and downloaded: no path, no control characters. Raises Invalid when nothing is left."""
    cleaned = _NAME.sub("_", PurePath(name.replace("\\", "/")).name).strip(" .")[:200]
    if not cleaned:
        raise Invalid("A file needs a name.", field="name")
    return cleaned


def _media_type(name: str) -> str:
    known = {".jsonl": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet", ".csv": "text/csv"}
    return known.get(PurePath(name).suffix.lower()) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _may_upload(actor: Actor) -> None:
    require(actor, "upload:create", Resource("upload", "new", {"owner": actor.organisation_id}))


def _load(uow: Uow, actor: Actor, upload_id: str) -> Upload:
    row = uow.session.get(Upload, upload_id, with_for_update=uow.writes)
    if row is None or row.owner_id != actor.organisation_id or row.expires_at <= uow.now():
        raise UploadNotFound()
    return row
