"""Importing files of other exchanges, and deciding what waits for review."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from catalog.references import mapping as mappings
from catalog.references import queries, reading, tables
from catalog.references.errors import FileRefused, ImportBusy, NotWaiting, ReferenceNotFound
from catalog.references.events import ReferencesChanged, ReferencesNarrowed
from catalog.references.models import ImportRow, ImportRun, Reference
from catalog.references.source import SourceMapping
from catalog.references.types import Candidate, ImportReport, Outcome, ReferenceSnapshot, ReferenceState, Rejected
from compliance.audit import service as audit
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.problems import DomainError, Forbidden, Sentence

MOST_BYTES = 512 * 1024 * 1024
_ROWS_PER_UNIT = 20
_PAUSE_S = 0.002
Progress = Callable[[int, int, str], None]
Counts = Counter[str]


def import_file(
    house: House, actor: Actor, *, path: Path, source: str, progress: Progress | None = None
) -> ImportReport:
    """Import a file with the mapping ``source`` (a known name, or the path of a mapping file).

    Every row is imported, queued, quarantined or reported. The same file again changes nothing; a
    changed row updates its reference; references of this source that the file no longer has are
    marked as vanished, unless rows were so damaged that one cannot tell. ``progress`` is called with
    the line reached, the lines in all, and a note. Opens its own short units: call it outside of any.
    Raises Forbidden, SourceUnknown, MappingInvalid, FileRefused, or ImportBusy.
    """
    if not actor.platform("operator", "system"):
        raise Forbidden("Only an operator imports listings.")
    mapping = mappings.load(source)
    raw = _bytes(path)
    table = tables.read(raw, mapping.file)
    reading.check_columns(mapping, table)
    digest = hashlib.sha256(raw).hexdigest()
    with _alone(house, mapping.name):
        run_id = house.db.write(lambda uow: _start(uow, mapping, path.name, digest, table.encoding))
        _run(house, actor, run_id, mapping, table, progress)
    return house.db.read(lambda uow: queries.report(uow, run_id))


@contextlib.contextmanager
def _alone(house: House, source: str) -> Iterator[None]:
    """One import of a source at a time: two would take each other's rows for vanished ones."""
    with (house.settings.data / f"import-{source}.lock").open("a") as lock:
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ImportBusy(
                Sentence("Another import of %(source)s is running.", source=source), hint="Wait until it ends."
            ) from None
        yield


def _run(
    house: House, actor: Actor, run_id: str, mapping: SourceMapping, table: tables.Table, progress: Progress | None
) -> None:
    try:
        counts = _store_all(house, run_id, mapping, table, progress)
    except DomainError as error:
        failure = str(error)
        house.db.write(lambda uow: _finish(uow, actor, run_id, Counter(), "failed", failure))
        raise
    note = _vanish(house, run_id, mapping, counts)
    house.db.write(lambda uow: _finish(uow, actor, run_id, counts, "done", note))


def release(uow: Uow, actor: Actor, reference_id: str) -> ReferenceSnapshot:
    """Let a reference that waits for review be found. Raises ReferenceNotFound or NotWaiting."""
    return _decide(uow, actor, reference_id, ReferenceState.IMPORTED, "")


def quarantine(uow: Uow, actor: Actor, reference_id: str, *, reason: str) -> ReferenceSnapshot:
    """Keep a reference that waits for review out for good. Raises ReferenceNotFound or NotWaiting."""
    return _decide(uow, actor, reference_id, ReferenceState.QUARANTINED, reason)


def _decide(uow: Uow, actor: Actor, reference_id: str, state: ReferenceState, reason: str) -> ReferenceSnapshot:
    row = uow.session.get(Reference, reference_id)
    if row is None or not queries.may_review(actor):
        raise ReferenceNotFound()
    if row.state != ReferenceState.QUEUED:
        raise NotWaiting(Sentence("It is %(state)s.", state=row.snapshot().state))
    row.state, row.reason, row.updated_at = state, reason or row.reason, uow.now()
    row.version += 1
    action = "reference:release" if state == ReferenceState.IMPORTED else "reference:quarantine"
    audit.record(uow, actor, action=action, object_id=row.id, object_version=row.version, data={"reason": row.reason})
    uow.emit(ReferencesChanged((row.id,)))
    return row.snapshot()


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise FileRefused(
                Sentence("The file is larger than %(most)s bytes.", most=f"{MOST_BYTES:,}"), hint="Import it in parts."
            )
        return path.read_bytes()
    except OSError as error:
        raise FileRefused(
            Sentence("%(name)s cannot be read: %(strerror)s.", name=path.name, strerror=error.strerror)
        ) from None


def _start(uow: Uow, mapping: SourceMapping, name: str, digest: str, encoding: str) -> str:
    run = ImportRun(
        id=new_id("imp"), source=mapping.name, file_name=name[:200], file_sha256=digest, encoding=encoding,
        started_at=uow.now(),
    )  # fmt: skip
    uow.session.add(run)
    return run.id


def _store_all(
    house: House, run_id: str, mapping: SourceMapping, table: tables.Table, progress: Progress | None
) -> Counts:
    counts: Counts = Counter()
    for batch in _batches(reading.candidates(mapping, table), _ROWS_PER_UNIT):
        counts += house.db.write(lambda uow, batch=batch: _store(uow, run_id, mapping, batch))  # type: ignore[misc]
        if progress is not None:
            progress(batch[-1].line, table.lines, f"{counts['rows']} rows")
        time.sleep(_PAUSE_S)
    return counts


def _batches(rows: Iterable[Candidate | Rejected], size: int) -> Iterator[list[Candidate | Rejected]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, size)):
        yield batch


def _store(uow: Uow, run_id: str, mapping: SourceMapping, batch: Sequence[Candidate | Rejected]) -> Counts:
    counts: Counts = Counter(rows=len(batch))
    known = _known(uow, mapping.name, [row.key for row in batch if row.key])
    changed: list[str] = []
    narrowed: list[str] = []
    for row in batch:
        reference = known.get(row.key)
        if isinstance(row, Candidate):
            was_findable = reference is not None and reference.findable
            reference, change = _take(uow, run_id, mapping, reference, row)
            counts[change] += 1
            changed += [reference.id] if change != "unchanged" else []
            narrowed += [reference.id] if was_findable and not reference.findable else []
        _count_row(uow, run_id, row, reference, counts)
    _tell(uow, changed, narrowed)
    return counts


def _known(uow: Uow, source: str, keys: Sequence[str]) -> dict[str, Reference]:
    statement = select(Reference).where(Reference.source == source, Reference.source_key.in_(keys))
    return {row.source_key: row for row in uow.session.execute(statement).scalars()}


def _take(
    uow: Uow, run_id: str, mapping: SourceMapping, known: Reference | None, row: Candidate
) -> tuple[Reference, str]:
    """Store a row; answers its reference and whether it was created, changed or unchanged."""
    change = "unchanged"
    reference = known
    if reference is None:
        change = "created"
        reference = Reference(id=new_id("ref"), source=mapping.name, source_key=row.key, imported_at=uow.now())
        uow.session.add(reference)
    elif reference.content_hash != row.content_hash or reference.vanished_at is not None:
        change = "changed"
    if change != "unchanged":
        reference.take(row, uow.now())
        reference.source_title = dict(mapping.title)
    reference.last_run_id, reference.line = run_id, row.line
    return reference, change


def _count_row(uow: Uow, run_id: str, row: Candidate | Rejected, reference: Reference | None, counts: Counts) -> None:
    """Every row counts once; what was not simply imported is written down with its line and reason."""
    outcome = row.outcome if isinstance(row, Candidate) else Outcome.REPORTED
    counts[outcome] += 1
    if isinstance(row, Rejected):
        counts["illegible"] += not row.legible
        if reference is not None:
            reference.last_run_id = run_id  # still there, only not readable this time
    if outcome != Outcome.IMPORTED:
        reference_id = reference.id if reference is not None else None
        uow.session.add(
            ImportRow(run_id=run_id, line=row.line, outcome=outcome, reason=row.reason, reference_id=reference_id)
        )


def _tell(uow: Uow, changed: Sequence[str], narrowed: Sequence[str]) -> None:
    uow.session.flush()
    if narrowed:
        uow.emit(ReferencesNarrowed(tuple(narrowed)))
    if changed:
        uow.emit(ReferencesChanged(tuple(changed)))


def _vanish(house: House, run_id: str, mapping: SourceMapping, counts: Counts) -> str:
    """Mark what the file no longer has; answers a note when that cannot be told."""
    if counts["illegible"]:
        return "Nothing was marked as vanished: rows that cannot be read may be about what seems to be missing."
    if not counts["rows"]:
        return "Nothing was marked as vanished: the file has no rows."
    while marked := house.db.write(lambda uow: _vanish_some(uow, run_id, mapping.name)):
        counts["vanished"] += marked
        time.sleep(_PAUSE_S)
    return ""


def _vanish_some(uow: Uow, run_id: str, source: str) -> int:
    statement = (
        select(Reference)
        .where(Reference.source == source, Reference.last_run_id != run_id, Reference.vanished_at.is_(None))
        .order_by(Reference.id)
        .limit(_ROWS_PER_UNIT)
    )
    rows = list(uow.session.execute(statement).scalars())
    narrowed = [row.id for row in rows if row.findable]
    for row in rows:
        row.vanished_at = uow.now()
        row.version += 1
    _tell(uow, [row.id for row in rows], narrowed)
    return len(rows)


def _finish(uow: Uow, actor: Actor, run_id: str, counts: Counts, state: str, note: str) -> None:
    run = uow.session.get_one(ImportRun, run_id)
    for name in queries.COUNTED:
        setattr(run, name, counts[name])
    run.state, run.note, run.finished_at = state, note, uow.now()
    numbers = {name: str(counts[name]) for name in queries.COUNTED}
    data = {"source": run.source, "file_sha256": run.file_sha256, "state": state} | numbers
    audit.record(uow, actor, action="reference:import", object_id=run_id, data=data)
