"""Reads of the board, always for an actor."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, select

from catalog.demands.errors import AnswerNotFound, DemandNotFound
from catalog.demands.models import Demand, DemandAnswer, DemandReport
from catalog.demands.types import AnswerSnapshot, AnswerState, DemandSnapshot, DemandState, ReportSnapshot
from catalog.search import analysis
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first

_MOST_WORDS = 12


def resource_of(uow: Uow, actor: Actor, demand: Demand | DemandSnapshot) -> Resource:
    """What policy may know of a demand; ``answerer`` is the actor's organisation if it has answered it."""
    own = actor.organisation_id or ""
    answered = bool(own) and own != demand.organisation_id and _has_answered(uow, own, demand.id)
    known = {"owner": demand.organisation_id, "state": str(demand.state), "answerer": own if answered else ""}
    return Resource("demand", demand.id, known)


def board_resource() -> Resource:
    """What is open, whosever it is."""
    return Resource("demand", "board", {"owner": "", "state": str(DemandState.OPEN), "answerer": ""})


def load(uow: Uow, actor: Actor, demand_id: str) -> Demand:
    """The row, held until the unit ends where it writes. Raises DemandNotFound, also for one that one may not see."""
    statement = select(Demand).where(Demand.id == demand_id)
    if uow.writes:
        statement = statement.with_for_update(of=Demand)
    row = uow.session.execute(statement).scalar_one_or_none()
    if row is None or not decide(actor, "demand:see", resource_of(uow, actor, row)).permitted:
        raise DemandNotFound()
    return row


def get(uow: Uow, actor: Actor, demand_id: str) -> DemandSnapshot:
    """One demand; of one that was removed, who sees it only for having answered it reads none of its texts.

    Raises DemandNotFound.
    """
    found = load(uow, actor, demand_id).snapshot()
    told = found.as_told_to_answerers()
    if told is found:
        return found
    unanswered = Resource("demand", found.id, {"owner": found.organisation_id, "state": found.state, "answerer": ""})
    return found if decide(actor, "demand:see", unanswered).permitted else told


def board(
    uow: Uow, actor: Actor, *, q: str = "", kind: str = "", scene: str = "", cursor: str | None = None, limit: int = 25
) -> Page[DemandSnapshot]:
    """What is open, newest first: with every word of ``q``, of that kind (or of either), of that scene.

    Raises PolicyRefused.
    """
    require(actor, "demand:see", board_resource())
    statement = select(Demand).where(Demand.state == DemandState.OPEN, Demand.until > uow.now())
    for word in list(dict.fromkeys(analysis.runs(q)))[:_MOST_WORDS]:
        statement = statement.where(Demand.words.contains(word, autoescape=True))
    if kind:
        statement = statement.where(Demand.kind.in_((kind, "")))
    if scene:
        statement = statement.where(Demand.scene == scene)
    page = newest_first(uow, statement, key=Demand.id, purpose="demands", cursor=cursor, limit=limit)
    return convert(page, Demand.snapshot)


def mine(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[DemandSnapshot]:
    """The own organisation's, in every state, newest first."""
    statement = select(Demand).where(Demand.organisation_id == (actor.organisation_id or ""))
    page = newest_first(uow, statement, key=Demand.id, purpose="own demands", cursor=cursor, limit=limit)
    return convert(page, Demand.snapshot)


def reported(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[DemandSnapshot]:
    """Those that somebody reported and nobody has looked at since. Raises PolicyRefused."""
    require(actor, "demand:remove", board_resource())
    statement = select(Demand).where(Demand.reports > 0, Demand.state != DemandState.REMOVED)
    page = newest_first(uow, statement, key=Demand.id, purpose="reported demands", cursor=cursor, limit=limit)
    return convert(page, Demand.snapshot)


def reports(uow: Uow, actor: Actor, demand_id: str) -> list[ReportSnapshot]:
    """What is said against a demand and was not looked at yet. Raises DemandNotFound, PolicyRefused."""
    row = load(uow, actor, demand_id)
    require(actor, "demand:remove", resource_of(uow, actor, row))
    statement = select(DemandReport).where(DemandReport.demand_id == row.id, DemandReport.looked_at.is_(None))
    return [each.snapshot() for each in uow.session.execute(statement.order_by(DemandReport.at)).scalars()]


def answers(uow: Uow, actor: Actor, demand_id: str) -> list[AnswerSnapshot]:
    """To the buyer and the platform's people all that stand; to a supplier its own. Raises DemandNotFound."""
    row = load(uow, actor, demand_id)
    statement = select(DemandAnswer).where(DemandAnswer.demand_id == row.id).order_by(DemandAnswer.id)
    own = actor.organisation_id or ""
    if own == row.organisation_id or actor.platform("reviewer", "officer"):
        statement = statement.where(DemandAnswer.state != AnswerState.WITHDRAWN)
    else:
        statement = statement.where(DemandAnswer.organisation_id == own)
    return [each.snapshot() for each in uow.session.execute(statement).scalars()]


def answered(uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25) -> Page[AnswerSnapshot]:
    """What the own organisation answered, newest first."""
    statement = select(DemandAnswer).where(DemandAnswer.organisation_id == (actor.organisation_id or ""))
    page = newest_first(uow, statement, key=DemandAnswer.id, purpose="demand answers", cursor=cursor, limit=limit)
    return convert(page, DemandAnswer.snapshot)


def load_answer(uow: Uow, actor: Actor, answer_id: str) -> tuple[DemandAnswer, Demand]:
    """An answer and its demand, for one of its two sides. Raises AnswerNotFound."""
    row = uow.session.get(DemandAnswer, answer_id)
    if row is None:
        raise AnswerNotFound()
    demand = uow.session.execute(select(Demand).where(Demand.id == row.demand_id).with_for_update()).scalar_one()
    uow.session.refresh(row)
    if actor.organisation_id is None or actor.organisation_id not in (row.organisation_id, demand.organisation_id):
        raise AnswerNotFound()
    return row, demand


def answer_as_it_is(uow: Uow, answer_id: str) -> tuple[AnswerSnapshot, DemandSnapshot] | None:
    """For those who tell people of it. Asks no policy."""
    row = uow.session.get(DemandAnswer, answer_id)
    return (row.snapshot(), uow.session.get_one(Demand, row.demand_id).snapshot()) if row else None


def as_it_is(uow: Uow, demand_id: str) -> tuple[DemandSnapshot, list[str]] | None:
    """A demand, and the organisations whose answers to it stand. Asks no policy: for those who tell people."""
    row = uow.session.get(Demand, demand_id)
    if row is None:
        return None
    standing = (AnswerState.SENT, AnswerState.TAKEN_UP)
    statement = select(DemandAnswer.organisation_id).where(
        DemandAnswer.demand_id == demand_id, DemandAnswer.state.in_(standing)
    )
    return row.snapshot(), sorted(set(uow.session.execute(statement).scalars()))


def titles(uow: Uow, ids: Iterable[str]) -> dict[str, DemandSnapshot]:
    """Demands that somebody has answered, as those who answered may know them, for the list of the own answers.

    Asks no policy: for pages of one's own.
    """
    statement = select(Demand).where(Demand.id.in_(set(ids)))
    return {row.id: row.snapshot().as_told_to_answerers() for row in uow.session.execute(statement).scalars()}


def open_count(uow: Uow, organisation_id: str) -> int:
    statement = select(func.count()).where(Demand.organisation_id == organisation_id, Demand.state == DemandState.OPEN)
    return int(uow.session.execute(statement).scalar_one())


def answer_count(uow: Uow, organisation_id: str, demand_id: str) -> int:
    statement = select(func.count()).where(
        DemandAnswer.organisation_id == organisation_id, DemandAnswer.demand_id == demand_id
    )
    return int(uow.session.execute(statement).scalar_one())


def _has_answered(uow: Uow, organisation_id: str, demand_id: str) -> bool:
    return answer_count(uow, organisation_id, demand_id) > 0
