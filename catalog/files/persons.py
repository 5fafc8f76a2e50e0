"""Counting the persons in a file: at once when it is small, else by a job; kept where no delivery can reach."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, BinaryIO

from catalog.files.models import StoredFile
from catalog.files.store import FileStore
from catalog.files.types import FileSnapshot
from catalog.profiles.description import MOST_BYTES, UNREADABLE
from catalog.profiles.tables import tables, unread
from catalog.profiles.types import Description, Profile
from compliance.exports import persons
from compliance.exports import queries as exports
from compliance.exports import service as counting
from compliance.exports.sets import SetFigures, Sorter
from compliance.recognisers import PERSONAL
from core import jobs
from core.db import Uow
from core.house import House
from core.jobs import JobRun

JOB = "files:persons"
BEING_COUNTED = "being_counted"
_COUNTED_AT_ONCE = 4 << 20

Counted = tuple[SetFigures | None, str]


def count(house: House, stream: BinaryIO, name: str, size: int, described: Description) -> Counted:
    """The set of a file's persons, and why it is not whole. A large file's is left to the job."""
    if size > _COUNTED_AT_ONCE and not _holds_nobody(described.profile, described.facts):
        return None, BEING_COUNTED
    return _count(house, stream, name, described.profile, described.facts, None)


def keep(uow: Uow, file: StoredFile, counted: Counted) -> None:
    """Remember what ``count`` answered, in the unit that keeps the file."""
    figures, missing = counted
    counting.keep_persons(uow, file.id, file.owner_id, figures, missing=missing)
    if missing == BEING_COUNTED:
        jobs.enqueue(uow, JOB, {"file_id": file.id}, owner=file.owner_id)


def run(house: House, job: JobRun) -> None:
    """The job: count every row of one file."""
    file_id = str(job.payload["file_id"])
    owner_id, file = house.db.read(lambda uow: _stored(uow, file_id))
    with house.adapter(FileStore).open(file.sha256) as stream:  # type: ignore[type-abstract]
        figures, missing = _count(
            house, stream, file.name, file.profile, file.facts, lambda read: job.progress(read, file.rows or 0)
        )  # fmt: skip
    house.db.write(lambda uow: counting.keep_persons(uow, file_id, owner_id, figures, missing=missing))


def _stored(uow: Uow, file_id: str) -> tuple[str, FileSnapshot]:
    row = uow.session.get_one(StoredFile, file_id)
    return row.owner_id, row.snapshot()


def _count(
    house: House, stream: BinaryIO, name: str, profile: Profile | None, facts: dict[str, Any],
    tick: Callable[[int], None] | None,
) -> Counted:  # fmt: skip
    stream.seek(0)
    missing, store = unread(stream, name), exports.store(house)
    if profile is None:
        return None, missing or "unreadable"
    if _holds_nobody(profile, facts):
        return store.put([]), missing
    key = house.keyring.secret("person-sets")
    sorter = Sorter(house.settings.data / "files" / "sorting")
    found = persons.hashes(
        tables(stream, name), profile.scan, lambda data: hmac.digest(key, data, "sha256"),
        complete=_complete(profile, facts), tick=tick,
    )  # fmt: skip
    try:
        for known, place in found:
            sorter.add(known, place)
        return store.put(sorter.sorted()), missing
    except (*UNREADABLE, UnicodeError):
        return None, "unreadable"
    finally:
        sorter.close()


def _holds_nobody(profile: Profile | None, facts: dict[str, Any]) -> bool:
    """Whether every cell was looked at and none had an identifier of a person."""
    if profile is None or not _complete(profile, facts):
        return False
    return not any(PERSONAL & column.counts.keys() for column in profile.scan.columns)


def _complete(profile: Profile, facts: dict[str, Any]) -> bool:
    """Whether the scan has seen every row; of an archive, of all its tables."""
    packed = facts.get("format") == "zip"
    return profile.complete and not (packed and (facts.get("unread_tables") or facts["unpacked_bytes"] > MOST_BYTES))
