"""Reads of requests: officers see all, a supplier its own tasks, the person its own request by the code."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from sqlalchemy import and_, or_, select

from compliance.policy import Resource, decide, require
from compliance.requests.errors import RequestNotFound
from compliance.requests.models import SubjectRequest, SubjectTask
from compliance.requests.types import Outcome, RequestBrief, RequestSnapshot, RequestState, TaskSnapshot
from compliance.retention import queries as retention
from compliance.subjects import service as subjects
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

ANSWER = "answer"
KEPT = "kept"
_OWN_WORDS = ("email", "phone", "resident_id", "name", "text")


def requests(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, state: str | None = None
) -> Page[RequestBrief]:
    """Every request that was confirmed, newest first, for officers. Raises PolicyRefused."""
    require(actor, "request:see", Resource("request", "all"))
    statement = select(SubjectRequest).where(SubjectRequest.confirmed_at.is_not(None))
    if state:
        statement = statement.where(SubjectRequest.state == state)
    page = newest_first(uow, statement, key=SubjectRequest.id, purpose="requests", cursor=cursor, limit=limit)
    return convert(page, lambda row: row.brief(uow.now()))


def get(uow: Uow, actor: Actor, request_id: str) -> RequestSnapshot:
    """A request with what the person told, for officers. Raises PolicyRefused, RequestNotFound."""
    require(actor, "request:see", Resource("request", request_id))
    row = uow.session.get(SubjectRequest, request_id)
    if row is None or row.confirmed_at is None:
        raise RequestNotFound()
    return shown(uow, row)


def tasks(uow: Uow, actor: Actor, *, state: str | None = None) -> list[TaskSnapshot]:
    """What the actor's organisation has to answer, and has answered; the newest first. Raises PolicyRefused."""
    own = actor.organisation_id or ""
    require(actor, "request:answer", Resource("request", own, {"owner": actor.organisation_id}))
    statement = (
        select(SubjectTask, SubjectRequest)
        .join(SubjectRequest, SubjectRequest.id == SubjectTask.request_id)
        .where(SubjectTask.organisation_id == own)
        .order_by(SubjectTask.request_id.desc())
        .limit(200)
    )
    if state:
        statement = statement.where(SubjectTask.state == state)
    return [task.snapshot(request) for task, request in uow.session.execute(statement)]


def task(uow: Uow, actor: Actor, request_id: str) -> TaskSnapshot:
    """The own organisation's task with what it needs to find the person. Raises RequestNotFound, PolicyRefused."""
    row, request = load_task(uow, actor, request_id)
    told = told_by(uow, request)
    seen = told if request.state in (RequestState.OPEN, RequestState.ANSWERED) else {}
    particulars = {name: seen[name] for name in _OWN_WORDS if name in seen}
    kept = [each for each in (retention.must_keep(uow, file_id) for file_id in row.files) if each is not None]
    return dataclasses.replace(
        row.snapshot(request),
        answer=told.get(answer_field(row.organisation_id)),
        particulars=particulars,
        kept=tuple(
            {"file_id": each.object_id, "basis": each.basis, "until": each.until.isoformat() if each.until else ""}
            for each in kept
        ),
    )


def load_task(
    uow: Uow, actor: Actor, request_id: str, action: str = "request:answer"
) -> tuple[SubjectTask, SubjectRequest]:
    """The task's row and its request's. Raises RequestNotFound for anybody else's, PolicyRefused."""
    request = uow.session.get(SubjectRequest, request_id, with_for_update=uow.writes)
    own = actor.organisation_id or ""
    row = uow.session.get(SubjectTask, (request_id, own)) if request and own else None
    if row is None or request is None:
        raise RequestNotFound()
    require(actor, action, Resource("request", request_id, {"owner": row.organisation_id}))
    return row, request


def tasks_of(uow: Uow, request_id: str) -> list[SubjectTask]:
    statement = select(SubjectTask).where(SubjectTask.request_id == request_id)
    return list(uow.session.execute(statement.order_by(SubjectTask.organisation_id)).scalars())


def shown(uow: Uow, row: SubjectRequest) -> RequestSnapshot:
    """A request with everything that is sealed for its person, once somebody has decided that it may be read."""
    told = told_by(uow, row)
    found = [
        dataclasses.replace(task.snapshot(row), answer=told.get(answer_field(task.organisation_id)))
        for task in tasks_of(uow, row.id)
    ]
    return RequestSnapshot(
        id=row.id, kind=row.kind, state=row.state, outcome=row.outcome, created_at=row.created_at,
        confirmed_at=row.confirmed_at, due_at=row.due_at, closed_at=row.closed_at,
        particulars={name: told[name] for name in _OWN_WORDS if name in told}, answer=told.get(ANSWER),
        account_id=row.account_id, tasks=tuple(found), overdue=row.overdue(uow.now()), version=row.version,
    )  # fmt: skip


def own(uow: Uow, row: SubjectRequest) -> RequestSnapshot:
    """A request as its person sees it, who has proven an address and nothing else: in whose data the other particulars
    are found, and what suppliers said, is told with the officer's answer, and not when that is a refusal.
    """
    found = shown(uow, row)
    if row.state == RequestState.CLOSED:
        return found if row.outcome != Outcome.REFUSED else dataclasses.replace(found, tasks=())
    state = RequestState.OPEN if row.state == RequestState.ANSWERED else row.state
    return dataclasses.replace(found, state=state, tasks=())


def told_by(uow: Uow, row: SubjectRequest) -> Mapping[str, str]:
    """What is sealed under the person's key; nothing when it is forgotten."""
    return subjects.people(uow, [row.subject_id]).get(row.subject_id, {})


def answer_field(organisation_id: str) -> str:
    """Under which name a supplier's answer is sealed."""
    return f"{ANSWER}:{organisation_id}"


def open_tasks(uow: Uow, actor: Actor) -> int:
    """How many tasks wait for the actor's organisation; nought for whoever may not answer them."""
    own = actor.organisation_id
    if own is None or not decide(actor, "request:answer", Resource("request", own, {"owner": own})).permitted:
        return 0
    return len(tasks(uow, actor, state=RequestState.OPEN))


def brief(uow: Uow, request_id: str) -> RequestBrief | None:
    """How a request stands, without anything personal. Asks no policy: for notices."""
    row = uow.session.get(SubjectRequest, request_id)
    return row.brief(uow.now()) if row else None


def to_close(uow: Uow, *, limit: int) -> list[RequestBrief]:
    """What an officer can answer now: every supplier has, or the time is over. Asks no policy: for notices."""
    late = and_(SubjectRequest.state == RequestState.OPEN, SubjectRequest.due_at <= uow.now())
    ready = or_(SubjectRequest.state == RequestState.ANSWERED, late)
    rows = uow.session.execute(select(SubjectRequest).where(ready).order_by(SubjectRequest.due_at).limit(limit))
    return [row.brief(uow.now()) for row in rows.scalars()]
