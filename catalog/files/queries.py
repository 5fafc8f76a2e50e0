"""Reads of files and uploads: an organisation sees its own, and nothing tells it what others have."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from catalog.files.errors import FileNotFound, UploadNotFound
from catalog.files.models import StoredFile, Upload
from catalog.files.types import FileSnapshot, UploadSnapshot
from compliance.exports import queries as exports
from compliance.exports.types import PersonSetSnapshot
from core.actor import Actor
from core.db import Uow


def load_upload(uow: Uow, actor: Actor, upload_id: str) -> Upload:
    row = uow.session.get(Upload, upload_id, with_for_update=uow.writes)
    if row is None or row.owner_id != actor.organisation_id or row.expires_at <= uow.now():
        raise UploadNotFound()
    return row


def get_upload(uow: Uow, actor: Actor, upload_id: str) -> UploadSnapshot:
    """Raises UploadNotFound, also for another organisation's and for one that has expired."""
    return load_upload(uow, actor, upload_id).snapshot()


def get_file(uow: Uow, actor: Actor, file_id: str) -> FileSnapshot:
    """A file of the own organisation. Raises FileNotFound."""
    return own(uow, actor, [file_id])[0]


def load_own(uow: Uow, actor: Actor, file_id: str) -> StoredFile:
    """The row, to be changed. Raises FileNotFound, also for another organisation's."""
    row = uow.session.get(StoredFile, file_id, with_for_update=uow.writes)
    if row is None or row.owner_id != actor.organisation_id:
        raise FileNotFound()
    return row


def persons_of(uow: Uow, file_id: str) -> PersonSetSnapshot | None:
    """How many persons stand in a file; None when nobody counted."""
    return exports.person_sets(uow, [file_id]).get(file_id)


def own(uow: Uow, actor: Actor, file_ids: Iterable[str]) -> list[FileSnapshot]:
    """Files of the own organisation, in the order asked for. Raises FileNotFound naming those that are not."""
    wanted = list(file_ids)
    statement = select(StoredFile).where(StoredFile.id.in_(wanted), StoredFile.owner_id == actor.organisation_id)
    rows = {row.id: row for row in uow.session.execute(statement).scalars()}
    unknown = [file_id for file_id in wanted if file_id not in rows]
    if unknown:
        raise FileNotFound("Upload the file first.", field="file_ids", unknown=unknown)
    return [rows[file_id].snapshot() for file_id in wanted]


def many(uow: Uow, file_ids: Iterable[str]) -> dict[str, FileSnapshot]:
    """Files by id whoever owns them, for those who have decided already that they may be shown."""
    rows = uow.session.execute(select(StoredFile).where(StoredFile.id.in_(set(file_ids)))).scalars()
    return {row.id: row.snapshot() for row in rows}


def open_uploads(uow: Uow) -> set[str]:
    """The uploads that may still go on."""
    statement = select(Upload.id).where(Upload.state == "open", Upload.expires_at > uow.now())
    return set(uow.session.execute(statement).scalars())


def stored_bytes(uow: Uow) -> dict[str, int]:
    """Size by SHA-256 of all that organisations' files name. Asks no policy: for who looks after the store."""
    return dict(uow.session.execute(select(StoredFile.sha256, StoredFile.size).distinct()).tuples().all())
