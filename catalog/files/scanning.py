"""The job that looks at a large file: its columns first, then every row for identifiers, then the persons they name.

Until the second part is done the file's listing cannot be handed in. Killed, it goes on where it last left a mark.
"""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any, BinaryIO

from catalog.files import persons
from catalog.files.events import FileScanned
from catalog.files.models import StoredFile
from catalog.files.store import FileStore
from catalog.files.types import FileSnapshot, ScanState
from catalog.profiles import Description, WholeScan, describe_whole
from catalog.profiles.tables import Place
from catalog.profiles.whole import kinds_found
from compliance.audit.service import record
from compliance.exports import queries as exports
from compliance.exports import service as counting
from compliance.exports.sets import Sorter
from core import jobs
from core.actor import SYSTEM
from core.db import Uow
from core.house import House
from core.jobs import JobRun
from core.problems import Unavailable

JOB = "files:scan"
_EVERY_S = 2.0
_PUT_ASIDE_BYTES = 256 << 20


def state_of(described: Description) -> ScanState:
    """That of a new file."""
    whole = persons.complete(described.profile, described.facts)
    return ScanState.DONE if whole else ScanState.WAITING


def enqueue(uow: Uow, file: StoredFile, *, counted: bool) -> None:
    """Leave to the job what was not seen of a new file. ``counted``: its persons were."""
    if file.scan_state == ScanState.WAITING or not counted:
        _begin(uow, file)


def again(uow: Uow, file: StoredFile) -> None:
    """Another try of a scan that failed, or another count of persons when the first was lost; else nothing."""
    failed = file.scan_state == ScanState.FAILED
    if failed:
        file.scan_state, file.scan_done = ScanState.WAITING, 0
    if failed or exports.is_lost(uow, file.id):
        _begin(uow, file)


def _begin(uow: Uow, file: StoredFile) -> None:
    jobs.enqueue(uow, JOB, {"file_id": file.id}, owner=file.owner_id, lane=jobs.lane_for(file.size))


def run(house: House, job: JobRun) -> None:
    """The job: scan one file, then count its persons; what stands in the mark is not done again."""
    file_id = str(job.payload["file_id"])
    mark = json.loads(job.resume_mark) if job.resume_mark else {}
    owner_id, file = house.db.read(lambda uow: _stored(uow, file_id))
    try:
        with house.adapter(FileStore).open(file.sha256) as stream:  # type: ignore[type-abstract]
            if not file.scanning.finished:
                file = file if mark else _describe(house, job, file, stream)
                file = _scan(house, job, file, stream, mark.get("scan"))
            _count(house, job, owner_id, file, stream, mark.get("persons"))
    except Unavailable:
        raise  # it is tried again
    except Exception:
        house.db.write(lambda uow: _fail(uow, file_id))
        raise


def _stored(uow: Uow, file_id: str) -> tuple[str, FileSnapshot]:
    row = uow.session.get_one(StoredFile, file_id)
    return row.owner_id, row.snapshot()


def _describe(house: House, job: JobRun, file: FileSnapshot, stream: BinaryIO) -> FileSnapshot:
    """The columns, in the place of what the beginning of the file told of them."""
    told = _Now(_EVERY_S)
    found = describe_whole(
        stream, file.name, most=house.settings.scanned_at_once_bytes,
        told=lambda: job.progress(0, file.scanning.total, "columns") if told.due() else None,
    )  # fmt: skip
    job.progress(
        0, file.scanning.total, "scan", json.dumps({"columns": True}), also=lambda uow: _keep(uow, file.id, found)
    )
    return house.db.read(lambda uow: _stored(uow, file.id)[1])


def _keep(uow: Uow, file_id: str, found: Description) -> None:
    row, table = uow.session.get_one(StoredFile, file_id), found.profile
    row.profile = json.dumps(table.as_dict(), ensure_ascii=False) if table else None
    row.rows = table.rows if table else None
    row.facts = json.dumps(found.facts, ensure_ascii=False)


def _described(file: FileSnapshot) -> Description:
    return Description(file.profile, file.facts)


def _scan(
    house: House, job: JobRun, file: FileSnapshot, stream: BinaryIO, state: dict[str, Any] | None
) -> FileSnapshot:
    told = _Now(_EVERY_S)

    def reached(scan: WholeScan) -> None:
        if told.due():
            mark = json.dumps({"scan": scan.state()}, ensure_ascii=False)
            done, total = scan.done, scan.total
            job.progress(done, total, "scan", mark, also=lambda uow: _show(uow, file.id, done, total))

    scan = WholeScan(state)
    scan.run(stream, file.name, reached)
    found = scan.result(stream, file.name, _described(file))
    return house.db.write(lambda uow: _finish(uow, file.id, found, scan))


class _Now:
    """Whether it is time again, and not more often."""

    def __init__(self, every_s: float) -> None:
        self._every, self._last = every_s, time.monotonic()

    def due(self) -> bool:
        now = time.monotonic()
        if now - self._last < self._every:
            return False
        self._last = now
        return True


def _show(uow: Uow, file_id: str, done: int, total: int) -> None:
    row = uow.session.get_one(StoredFile, file_id)
    row.scan_done, row.scan_total = done, total


def _finish(uow: Uow, file_id: str, found: Description, scan: WholeScan) -> FileSnapshot:
    """The whole scan in the place of the partial one, and the listings graded by it: once."""
    row = uow.session.get_one(StoredFile, file_id, with_for_update=True)
    if row.scan_state == ScanState.DONE:
        return row.snapshot()
    _keep(uow, file_id, found)
    table = found.profile
    row.scan_state, row.scan_done, row.scan_total = ScanState.DONE, scan.total, scan.total
    uow.session.flush()
    kinds = kinds_found(table.scan) if table else {}
    record(
        uow, SYSTEM, action="file:scan", object_id=file_id, concerns=[row.owner_id],
        data={"sha256": row.sha256, "rows": str(scan.rows)} | {kind: str(cells) for kind, cells in kinds.items()},
    )  # fmt: skip
    uow.emit(FileScanned(file_id=file_id))
    return row.snapshot()


def _fail(uow: Uow, file_id: str) -> None:
    row = uow.session.get_one(StoredFile, file_id, with_for_update=True)
    if row.scan_state == ScanState.WAITING:
        row.scan_state = ScanState.FAILED


def _count(
    house: House, job: JobRun, owner_id: str, file: FileSnapshot, stream: BinaryIO, mark: dict[str, Any] | None
) -> None:
    told, at, moved = _Now(_EVERY_S), Place(), 0
    folder = house.settings.data / "files" / "sorting"
    if mark is None or not all((folder / name).is_file() for name in mark["spilled"]):
        mark = {"place": None, "spilled": []}

    def reached(place: Place, sorter: Sorter) -> None:
        nonlocal at, moved
        moved += place.offset - (at.offset if at.table == place.table else 0)
        at = place
        if moved >= _PUT_ASIDE_BYTES:
            moved = 0
            left = {"place": dataclasses.asdict(place), "spilled": sorter.put_aside()}
            job.progress(place.offset, file.scanning.total, "persons", json.dumps({"persons": left}))
        elif told.due():
            job.progress(place.offset, file.scanning.total, "persons")

    figures, missing = persons.count_all(
        house, stream, file.name, _described(file), start=Place(**mark["place"]) if mark["place"] else None,
        spilled=tuple(mark["spilled"]), reached=reached,
    )  # fmt: skip
    house.db.write(lambda uow: counting.keep_persons(uow, file.id, owner_id, figures, missing=missing))
