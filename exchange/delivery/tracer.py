"""The tracer: whose copy a leaked file came from, with its evidence."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select

from catalog.files import queries as stored
from catalog.files.classes import StoreClass, store_of
from catalog.files.service import clean_name
from catalog.files.store import FileMissing, FileStore
from compliance.audit.service import record
from compliance.policy import Resource, require
from core import jobs
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.jobs import JobRun
from core.paging import Page, convert, newest_first
from core.problems import Sentence
from exchange.delivery import copies
from exchange.delivery.errors import LeakUnreadable, TraceNotFound
from exchange.delivery.models import MarkedCopy, TraceCase
from exchange.delivery.types import Suspicion, TraceReport, TraceSnapshot
from exchange.delivery.watermark import tracing
from exchange.delivery.watermark.files import member_key, sounds_of, tables_of
from exchange.delivery.watermark.sound_tracing import LeakedSound, trace_sound
from exchange.delivery.watermark.sounds import is_sound
from exchange.delivery.watermark.survey import survey
from exchange.delivery.watermark.types import Layout, Trace, Unmarkable

JOB = "delivery.trace"
_SHOWN = 5
_MOST_SOUNDS = 50
"""Sounds of a leak that are looked at: the first so many."""
_Tables = list[tuple[str, Layout, list[list[str]]]]
_Sounds = list[tuple[str, LeakedSound]]
_Told = Callable[[int, int], None]
_Looked = Iterator[TraceReport | None]
"""A report for each comparison, None when nothing was recognised."""


@dataclasses.dataclass(frozen=True)
class _Original:
    """A file of which there are marked copies, with whom by which order."""

    file_id: str
    name: str
    sha256: str
    holders: Mapping[str, str]


def begin(uow: Uow, actor: Actor, *, name: str, sha256: str, size: int) -> TraceSnapshot:
    """Take up a leaked file whose bytes lie in the tracer's store; a job does the rest. Raises PolicyRefused."""
    decision = may_trace(actor)
    case = TraceCase(
        id=new_id("trc"), name=clean_name(name), size=size, sha256=sha256, asked_by=actor.pseudonym,
        asked_at=uow.now(),
    )  # fmt: skip
    uow.session.add(case)
    uow.session.flush()
    record(
        uow, actor, action="copy:trace", object_id=case.id, decision=decision,
        data={"sha256": sha256, "size": str(size)},
    )  # fmt: skip
    jobs.enqueue(uow, JOB, {"case": case.id}, owner=actor.account_id, lane=jobs.Lane.LONG)
    return case.snapshot()


def may_trace(actor: Actor) -> Any:
    """Raises PolicyRefused for whoever is no officer."""
    return require(actor, "copy:trace", Resource("copy", "new"))


def store(house: House) -> FileStore:
    """Where leaked files lie until they are traced: no delivery reads it."""
    return store_of(house.settings, StoreClass.LEAKS)


def hand_in(house: House, actor: Actor, source: BinaryIO, name: str) -> TraceSnapshot:
    """Keep the bytes and begin. Raises PolicyRefused before anything is kept, StorageFull."""
    may_trace(actor)
    digest, size = store(house).put(source)
    return house.db.write(lambda uow: begin(uow, actor, name=name, sha256=digest, size=size))


def get(uow: Uow, actor: Actor, case_id: str) -> TraceSnapshot:
    """Raises PolicyRefused, TraceNotFound."""
    may_trace(actor)
    case = uow.session.get(TraceCase, case_id)
    if case is None:
        raise TraceNotFound()
    return case.snapshot()


def cases(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[TraceSnapshot]:
    """What was handed in, newest first. Raises PolicyRefused."""
    may_trace(actor)
    page = newest_first(uow, select(TraceCase), key=TraceCase.id, purpose="traces", cursor=cursor, limit=limit)
    return convert(page, lambda case: case.snapshot())


def work(house: House, run: JobRun) -> None:
    """Trace one file; its bytes are removed once the outcome is kept and nobody else has handed them in."""
    case_id = str(run.payload["case"])
    case = house.db.read(lambda uow: uow.session.get_one(TraceCase, case_id).snapshot())
    if case.done_at is None:
        reports, problem = _looked_at(house, case, run)
        house.db.write(lambda uow: _finish(uow, case_id, reports, problem))
    if not house.db.read(lambda uow: _awaited(uow, case.sha256)):
        store(house).remove(case.sha256)


def _looked_at(house: House, case: TraceSnapshot, run: JobRun) -> tuple[list[TraceReport], str]:
    """What was found, or why nothing could be."""
    try:
        with store(house).open(case.sha256) as leak:
            return trace(house, leak, case.name, _reporting(run, case.name)), ""
    except LeakUnreadable as unreadable:
        return [], unreadable.detail
    except FileMissing:
        return [], Sentence("These bytes were handed in twice and are gone; hand the file in again.")


def _awaited(uow: Uow, sha256: str) -> bool:
    open_ones = select(TraceCase.id).where(TraceCase.sha256 == sha256, TraceCase.done_at.is_(None))
    return uow.session.execute(open_ones.limit(1)).first() is not None


def _reporting(run: JobRun, name: str) -> _Told:
    def told(done: int, total: int) -> None:
        if run.due():
            run.progress(done, total, name)

    return told


def _finish(uow: Uow, case_id: str, reports: list[TraceReport], problem: str) -> None:
    case = uow.session.get_one(TraceCase, case_id, with_for_update=True)
    case.done_at = uow.now()
    case.problem = problem
    case.result = json.dumps([dataclasses.asdict(report) for report in reports], ensure_ascii=False)
    uow.session.flush()
    accused = {each.order_id for report in reports for each in report.suspicions if each.accused}
    record(
        uow, SYSTEM, action="copy:traced", object_id=case_id,
        data={"sha256": case.sha256, "accused": str(len(accused))}
        | {f"order_{n}": order_id for n, order_id in enumerate(sorted(accused), 1)},
    )  # fmt: skip


def trace(house: House, leak: BinaryIO, name: str, told: _Told | None = None) -> list[TraceReport]:
    """A report for each file of which rows were recognised. Raises LeakUnreadable."""
    tables, sounds = _leaked(leak, name)
    originals = house.db.read(_originals)
    reports: list[TraceReport] = []
    for n, original in enumerate(originals):
        for report in _against(house, tables, sounds, original):
            if told is not None:
                told(n, len(originals))
            if report is not None:
                reports.append(report)
    return sorted(reports, key=lambda report: -max((each.score for each in report.suspicions), default=0.0))


def _leaked(leak: BinaryIO, name: str) -> tuple[_Tables, _Sounds]:
    try:
        if is_sound(name):
            return [], [(name, LeakedSound(leak))]
        tables = [(inner, *tracing.read_leak(table, inner)) for inner, table in tables_of(leak, name)]
        return tables, list(_heard(leak, name))
    except Unmarkable as problem:
        raise LeakUnreadable("Hand in a table (CSV, TSV, lines of JSON) or a WAV file of 16 bits.",
                             reason=problem.reason) from None  # fmt: skip


def _heard(leak: BinaryIO, name: str) -> Iterator[tuple[str, LeakedSound]]:
    """The sounds of an archive, as far as they can be read."""
    for inner, sound in islice(sounds_of(leak, name), _MOST_SOUNDS):
        with suppress(Unmarkable):
            yield inner, LeakedSound(sound)


def _originals(uow: Uow) -> list[_Original]:
    made = uow.session.execute(select(MarkedCopy).where(MarkedCopy.sha256.is_not(None))).scalars().all()
    by_bytes: defaultdict[str, list[MarkedCopy]] = defaultdict(list)
    for copy in made:
        by_bytes[copy.original_sha256].append(copy)
    files = stored.many(uow, (copy.file_id for copy in made))
    return [
        _Original(
            group[0].file_id, files[group[0].file_id].name, digest, {copy.order_id: copy.buyer_id for copy in group}
        )
        for digest, group in by_bytes.items()
    ]


def _against(house: House, tables: _Tables, sounds: _Sounds, original: _Original) -> _Looked:
    kept: FileStore = house.adapter(FileStore)  # type: ignore[type-abstract]
    with suppress(FileMissing), kept.open(original.sha256) as source:
        if tables:
            with suppress(Unmarkable):
                yield from _tables_against(house, tables, source, original)
        if sounds:
            with suppress(Unmarkable):
                yield from _sounds_against(house, sounds, source, original)


def _tables_against(house: House, tables: _Tables, source: BinaryIO, original: _Original) -> _Looked:
    for inner, table in () if is_sound(original.name) else tables_of(source, original.name):
        keys = _keys(house, original, inner)
        for leaked, layout, rows in tables:
            report = _compared(layout, rows, table, inner, keys)
            yield _told_of(original, inner, leaked, report) if report is not None and report.recognised else None


def _sounds_against(house: House, sounds: _Sounds, source: BinaryIO, original: _Original) -> _Looked:
    for inner, sound in sounds_of(source, original.name):
        keys = _keys(house, original, inner)
        for leaked, leak in sounds:
            report = _heard_in(leak, sound, keys)
            yield _told_of(original, inner, leaked, report) if report is not None and report.recognised else None


def _heard_in(leak: LeakedSound, sound: BinaryIO, keys: Mapping[str, bytes]) -> Trace | None:
    try:
        return trace_sound(leak, sound, keys)
    except Unmarkable:
        return None


def _keys(house: House, original: _Original, inner: str) -> dict[str, bytes]:
    """The key of each holder's copy of one file, or of one file in an archive."""
    keys = {order_id: copies.key_of(house.keyring, order_id, original.sha256) for order_id in original.holders}
    if original.name.lower().endswith(".zip"):
        return {order_id: member_key(key, inner) for order_id, key in keys.items()}
    return keys


def _compared(
    layout: Layout, rows: list[list[str]], table: BinaryIO, name: str, keys: Mapping[str, bytes]
) -> Trace | None:
    try:
        return tracing.trace_rows(layout.names, rows, table, survey(table, name), keys)
    except Unmarkable:
        return None


def _told_of(original: _Original, inner: str, leaked: str, found: Trace) -> TraceReport:
    shown = [*found.accused, *[each for each in found.evidence if not each.accused][:_SHOWN]]
    return TraceReport(
        file_id=original.file_id, table=inner, leaked=leaked, rows=found.rows, recognised=found.recognised,
        copies=len(original.holders),
        suspicions=tuple(
            Suspicion(
                order_id=each.candidate, buyer_id=original.holders[each.candidate], accused=each.accused,
                score=round(each.score, 2), threshold=round(each.threshold, 2), positions=each.positions,
                agreeing=each.agreeing, honeytokens=each.honeytokens,
            )
            for each in shown
        ),
    )  # fmt: skip


def trace_path(house: House, path: Path) -> list[TraceReport]:
    """The same for a file on this machine, by its operator; what was asked and found is in the log."""
    with path.open("rb") as leak:
        digest = hashlib.file_digest(leak, "sha256").hexdigest()
        leak.seek(0)
        reports = trace(house, leak, path.name)
    accused = {each.order_id for report in reports for each in report.suspicions if each.accused}
    house.db.write(
        lambda uow: record(
            uow, SYSTEM, action="copy:traced", object_id=new_id("trc"),
            data={"sha256": digest, "accused": str(len(accused))}
            | {f"order_{n}": order_id for n, order_id in enumerate(sorted(accused), 1)},
        )
    )  # fmt: skip
    return reports
