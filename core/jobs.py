"""Jobs: long work as leased rows with progress and a mark to resume from; no thread of a request is held."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Select, String, Text, func, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Id, Uow, UtcDateTime
from core.ids import new_id
from core.problems import Unavailable

if TYPE_CHECKING:
    from core.house import House

_LEASE = timedelta(seconds=60)
_PUT_OFF = timedelta(seconds=20)
_REPORTED_EVERY_S = 2.0
_LONG_BYTES = 32 << 20
log = logging.getLogger("piaohao.jobs")


class Lane(StrEnum):
    """Each lane has runners of its own, so that what is short never waits for what is long."""

    SHORT = "short"
    LONG = "long"


def lane_for(size: int) -> Lane:
    """The lane of work on so many bytes."""
    return Lane.LONG if size > _LONG_BYTES else Lane.SHORT


class Job(Base):
    __tablename__ = "job"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    owner: Mapped[str | None]
    payload: Mapped[str] = mapped_column(Text)
    lane: Mapped[str] = mapped_column(String(5), default=Lane.SHORT)
    state: Mapped[str] = mapped_column(default="queued", index=True)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    resume_mark: Mapped[str] = mapped_column(Text, default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@dataclass
class JobRun:
    """What a job's handler gets: its payload, where an earlier run stopped, and a place to report progress."""

    house: House
    id: str
    payload: dict[str, Any] = field(default_factory=dict)
    resume_mark: str = ""
    _reported_at: float = field(default_factory=time.monotonic)

    def due(self) -> bool:
        """Whether the last report is some seconds old: for work that could report more often than anybody looks."""
        return time.monotonic() - self._reported_at >= _REPORTED_EVERY_S

    def progress(
        self, done: int, total: int, note: str = "", resume_mark: str | None = None,
        also: Callable[[Uow], None] | None = None,
    ) -> None:  # fmt: skip
        """Store how far the work is; also renews the lease. ``also`` is done in the same unit."""
        self._reported_at = time.monotonic()

        def work(uow: Uow) -> None:
            job = uow.session.get_one(Job, self.id)
            job.done, job.total, job.note = done, total, note
            job.lease_until = uow.now() + _LEASE
            if resume_mark is not None:
                job.resume_mark = resume_mark
            if also is not None:
                also(uow)

        self.house.db.write(work)


def enqueue(
    uow: Uow, kind: str, payload: dict[str, Any], owner: str | None = None, *, lane: Lane = Lane.SHORT
) -> str:  # fmt: skip
    """Queue a job in the present unit; answers its id."""
    job = Job(id=new_id("job"), kind=kind, owner=owner, payload=json.dumps(payload), lane=lane, created_at=uow.now())
    uow.session.add(job)
    return job.id


def waiting(uow: Uow) -> int:
    """How many are queued or run."""
    chosen = select(func.count()).select_from(Job).where(Job.state.in_(("queued", "running")))
    return uow.session.execute(chosen).scalar_one()


def failed_since(uow: Uow, moment: datetime) -> int:
    """How many ended badly after that moment."""
    chosen = select(func.count()).select_from(Job).where(Job.state == "failed", Job.finished_at > moment)
    return uow.session.execute(chosen).scalar_one()


def run_one(house: House, lane: Lane | None = None) -> bool:
    """Claim and run one job, of that lane or of any. Answers False when there was none to do.

    One that meets something unavailable is done later; whatever else goes wrong is the end of it.
    """
    if house.db.read(lambda uow: uow.session.execute(_next(uow, lane).with_only_columns(Job.id)).first()) is None:
        return False  # nobody's turn to write is taken for that
    run = house.db.write(lambda uow: _claim(uow, lane))
    if run is None:
        return False
    kind, job_run = run
    state, note = "done", None
    try:
        house.registry.job_handlers[kind](house, job_run)
    except Unavailable as away:  # nothing is wrong with the job
        log.warning("job %s (%s) waits: %s", job_run.id, kind, away)
        house.db.write(lambda uow: _put_off(uow, job_run.id))
        return True
    except Exception as error:  # a failed job is shown with its reason, the worker goes on
        log.exception("job %s (%s) failed", job_run.id, kind)
        state, note = "failed", f"{type(error).__name__}: {error}"
    house.db.write(lambda uow: _finish(uow, job_run.id, state, note))
    return True


def _next(uow: Uow, lane: Lane | None) -> Select[Job]:
    free = or_(Job.lease_until.is_(None), Job.lease_until < uow.now())
    lanes = Lane if lane is None else (lane,)
    waiting = select(Job).where(Job.state.in_(("queued", "running")), Job.lane.in_(lanes), free)
    return waiting.order_by(Job.created_at, Job.id).limit(1)


def _claim(uow: Uow, lane: Lane | None) -> tuple[str, JobRun] | None:
    statement = _next(uow, lane).with_for_update(skip_locked=True)
    job = uow.session.execute(statement).scalar_one_or_none()
    if job is None:
        return None
    job.state, job.lease_until = "running", uow.now() + _LEASE
    return job.kind, JobRun(uow.house, job.id, json.loads(job.payload), job.resume_mark)


def _put_off(uow: Uow, job_id: str) -> None:
    """Left for later, from its mark on, by whoever is free then."""
    job = uow.session.get_one(Job, job_id)
    job.state, job.lease_until = "queued", uow.now() + _PUT_OFF


def _finish(uow: Uow, job_id: str, state: str, note: str | None) -> None:
    job = uow.session.get_one(Job, job_id)
    job.state, job.finished_at, job.lease_until = state, uow.now(), None
    if note is not None:
        job.note = note[:2000]
