"""Reads of imported references. Those that wait or are quarantined exist only for the people who review them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from catalog.references.errors import ReferenceNotFound
from catalog.references.models import ImportRow, ImportRun, Reference
from catalog.references.types import ImportReport, ReferenceSnapshot, ReferenceState, RowReport
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

_FINDABLE = (
    Reference.state == ReferenceState.IMPORTED, Reference.vanished_at.is_(None), Reference.replaced_at.is_(None),
)  # fmt: skip


def may_review(actor: Actor) -> bool:
    """Whether the actor may see and decide what waits for review."""
    return actor.platform("reviewer", "operator", "system")


def get(uow: Uow, actor: Actor, reference_id: str) -> ReferenceSnapshot:
    """Raises ReferenceNotFound, also for one that the actor may not know of."""
    row = uow.session.get(Reference, reference_id)
    if row is None or not (row.state == ReferenceState.IMPORTED or may_review(actor)):
        raise ReferenceNotFound()
    return row.snapshot()


def findable(uow: Uow, ids: Sequence[str]) -> dict[str, ReferenceSnapshot]:
    """Of these ids the references that everybody may find, in one query."""
    rows = uow.session.execute(select(Reference).where(Reference.id.in_(ids))).scalars()
    return {row.id: row.snapshot() for row in rows if row.findable}


def findable_after(uow: Uow, last_id: str, limit: int) -> list[ReferenceSnapshot]:
    """The references that everybody may find, in the order of their ids, behind ``last_id``."""
    statement = select(Reference).where(Reference.id > last_id, *_FINDABLE).order_by(Reference.id).limit(limit)
    return [row.snapshot() for row in uow.session.execute(statement).scalars()]


def waiting(
    uow: Uow, actor: Actor, *, state: str = ReferenceState.QUEUED, cursor: str | None = None, limit: int = 25
) -> Page[ReferenceSnapshot]:
    """What waits for review, or is quarantined; an empty page for those who may not review."""
    if not may_review(actor):
        return Page([])
    statement = select(Reference).where(Reference.state == state)
    page = newest_first(uow, statement, key=Reference.id, purpose=f"references.{state}", cursor=cursor, limit=limit)
    return convert(page, Reference.snapshot)


def counts(uow: Uow) -> dict[str, int]:
    """How many references of each source everybody may find."""
    statement = (
        select(Reference.source, func.count()).where(*_FINDABLE).group_by(Reference.source).order_by(Reference.source)
    )
    return {row[0]: row[1] for row in uow.session.execute(statement)}


def report(uow: Uow, run_id: str) -> ImportReport:
    """What a run did, with every row that was not simply imported. Raises ReferenceNotFound."""
    run = uow.session.get(ImportRun, run_id)
    if run is None:
        raise ReferenceNotFound()
    rows = uow.session.execute(select(ImportRow).where(ImportRow.run_id == run_id).order_by(ImportRow.line)).scalars()
    details = tuple(RowReport(row.line, row.outcome, row.reason, row.reference_id) for row in rows)
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0
    numbers = {name: getattr(run, name) for name in COUNTED}
    return ImportReport(
        run.id, run.source, run.file_name, run.encoding, **numbers, seconds=seconds, note=run.note, details=details
    )


COUNTED = ("rows", "imported", "queued", "quarantined", "reported", "created", "changed", "unchanged", "vanished")
