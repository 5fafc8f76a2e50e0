"""What people do on the board: post what they need, answer, take up, report, remove."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from catalog.demands import queries, rules
from catalog.demands.errors import (
    DemandStateConflict,
    ListingNotOnSale,
    ReportedAlready,
    TooManyAnswers,
    TooManyDemands,
)
from catalog.demands.events import AnswerSettled, DemandAnswered, DemandEnded, DemandReported
from catalog.demands.models import Demand, DemandAnswer, DemandReport
from catalog.demands.types import AnswerSnapshot, AnswerState, DemandSnapshot, DemandState
from catalog.listings import queries as listings
from catalog.listings.errors import ListingNotFound
from catalog.listings.types import ListingState
from catalog.search import analysis
from compliance.audit.service import record
from compliance.identity import queries as identity
from compliance.policy import Decision, Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import parse_amount
from core.problems import Sentence, StaleVersion
from core.rows import insert_missing
from core.turns import each_by_itself

_MOST_AT_ONCE = 100


def post(uow: Uow, actor: Actor, *, fields: Mapping[str, Any]) -> DemandSnapshot:
    """Put what the own organisation needs on the board; it stands there at once.

    Raises PolicyRefused, DemandInvalid, IdentifiersInText, AmountInvalid, TooManyDemands.
    """
    own = actor.organisation_id
    decision = require(actor, "demand:create", Resource("demand", "new", {"owner": own}))
    assert own is not None
    _hold_place(uow, own)
    row = Demand(
        id=new_id("dmd"), organisation_id=own, title="{}", scene="", currency=uow.house.settings.currency,
        until=fields["until"], state=DemandState.OPEN, version=0, created_at=uow.now(),
    )  # fmt: skip
    _write(uow, row, fields)
    uow.session.add(row)
    return _changed(uow, actor, row, "create", decision)


def change(uow: Uow, actor: Actor, demand_id: str, version: int, fields: Mapping[str, Any]) -> DemandSnapshot:
    """Change one's own demand while it is open, at the version that was read.

    Raises DemandNotFound, PolicyRefused, StaleVersion, DemandStateConflict, DemandInvalid, IdentifiersInText,
    AmountInvalid.
    """
    row, decision = _for_change(uow, actor, demand_id, "demand:change")
    if row.version != version:
        raise StaleVersion(
            Sentence("You edited version %(version)s, now it is %(now)s.", version=version, now=row.version),
            current_version=row.version,
        )
    if row.state != DemandState.OPEN:
        raise DemandStateConflict(Sentence("The demand is %(state)s.", state=row.state), state=row.state)
    _write(uow, row, fields)
    return _changed(uow, actor, row, "change", decision)


def close(uow: Uow, actor: Actor, demand_id: str) -> DemandSnapshot:
    """The buyer has found it, or needs it no more. Raises DemandNotFound, PolicyRefused, DemandStateConflict."""
    row, decision = _for_change(uow, actor, demand_id, "demand:change")
    _end(uow, row, "close")
    return _changed(uow, actor, row, "close", decision)


def reopen(uow: Uow, actor: Actor, demand_id: str, *, until: datetime) -> DemandSnapshot:
    """Put a closed or expired demand on the board again.

    Raises DemandNotFound, PolicyRefused, DemandStateConflict, DemandInvalid, TooManyDemands.
    """
    row, decision = _for_change(uow, actor, demand_id, "demand:change")
    _hold_place(uow, row.organisation_id)
    row.state = rules.follow(row.state, "reopen")
    rules.check_until(until, uow.now())
    row.until, row.closed_at = until, None
    return _changed(uow, actor, row, "reopen", decision)


def answer(uow: Uow, actor: Actor, demand_id: str, *, text: str, listing_id: str | None = None) -> AnswerSnapshot:
    """A supplier answers with one of its listings on sale, or says what it could make.

    Only the buyer and the platform's reviewers read it. Raises DemandNotFound, PolicyRefused, DemandStateConflict,
    ListingNotFound, ListingNotOnSale, TooManyAnswers.
    """
    row, decision = _for_change(uow, actor, demand_id, "demand:answer")
    own = actor.organisation_id
    assert own is not None
    if row.state != DemandState.OPEN:
        raise DemandStateConflict(Sentence("The demand is %(state)s.", state=row.state), state=row.state)
    if row.until <= uow.now():  # it leaves the board when it is next looked at
        raise DemandStateConflict("The last day of the demand has passed.", state=row.state)
    if listing_id is not None:
        _check_listing(uow, actor, listing_id)
    if queries.answer_count(uow, own, row.id) >= rules.MOST_ANSWERS:
        raise TooManyAnswers(Sentence("One organisation gives at most %(most)s.", most=rules.MOST_ANSWERS))
    made = DemandAnswer(
        id=new_id("dan"), demand_id=row.id, organisation_id=own, listing_id=listing_id, text=text,
        state=AnswerState.SENT, created_at=uow.now(),
    )  # fmt: skip
    uow.session.add(made)
    uow.session.flush()
    data = {"answer": made.id} | ({"listing": listing_id} if listing_id else {})
    _record(uow, actor, row, "answer", decision, data, concerns=own)
    uow.emit(DemandAnswered(answer_id=made.id))
    return made.snapshot()


def take_up(uow: Uow, actor: Actor, answer_id: str) -> AnswerSnapshot:
    """The buyer wants to go on with this answer. Raises AnswerNotFound, PolicyRefused, DemandStateConflict."""
    return _settle(uow, actor, answer_id, "take_up")


def decline(uow: Uow, actor: Actor, answer_id: str, *, reason: str = "") -> AnswerSnapshot:
    """The buyer does not. Raises AnswerNotFound, PolicyRefused, DemandStateConflict."""
    return _settle(uow, actor, answer_id, "decline", reason)


def withdraw_answer(uow: Uow, actor: Actor, answer_id: str) -> AnswerSnapshot:
    """The supplier takes its answer back. Raises AnswerNotFound, DemandStateConflict."""
    made, demand = queries.load_answer(uow, actor, answer_id)
    decision = require(actor, "demand:withdraw_answer", _resource_of_answer(made))
    made.state = rules.settle(made.state, "withdraw")
    uow.session.flush()
    _record(uow, actor, demand, "withdraw_answer", decision, {"answer": made.id}, concerns=made.organisation_id)
    return made.snapshot()


def report(uow: Uow, actor: Actor, demand_id: str, *, reason: str) -> None:
    """Say that a demand does not belong here; an organisation says so once. Reviewers decide.

    Raises DemandNotFound, PolicyRefused, ReportedAlready.
    """
    row, decision = _for_change(uow, actor, demand_id, "demand:report")
    said = {"demand_id": row.id, "organisation_id": actor.organisation_id, "reason": reason, "at": uow.now()}
    if not insert_missing(uow, DemandReport, [said]):
        raise ReportedAlready()
    row.reports += 1
    uow.session.flush()
    _record(uow, actor, row, "report", decision, {"reason": reason}, concerns=actor.organisation_id)
    uow.emit(DemandReported(demand_id=row.id, number=row.reports))


def let_stand(uow: Uow, actor: Actor, demand_id: str) -> DemandSnapshot:
    """A reviewer has looked at what was reported: it stays. Raises DemandNotFound, PolicyRefused."""
    row, decision = _for_change(uow, actor, demand_id, "demand:remove")
    _look_at_reports(uow, row)
    return _changed(uow, actor, row, "let_stand", decision)


def remove(uow: Uow, actor: Actor, demand_id: str, *, reason: str) -> DemandSnapshot:
    """A reviewer takes a demand off the board; its buyer is told why.

    Raises DemandNotFound, PolicyRefused, DemandStateConflict.
    """
    row, decision = _for_change(uow, actor, demand_id, "demand:remove")
    row.reason = reason
    _end(uow, row, "remove")
    _look_at_reports(uow, row)
    return _changed(uow, actor, row, "remove", decision, {"reason": reason})


def close_all(uow: Uow, organisation_id: str) -> None:
    """An organisation leaves: what it asked for is not asked for any more. Asks no policy: for handlers."""
    statement = select(Demand).where(Demand.organisation_id == organisation_id, Demand.state == DemandState.OPEN)
    for row in uow.session.execute(statement.with_for_update()).scalars():
        _end(uow, row, "close")
        _changed(uow, SYSTEM, row, "close", None)


def tend(house: House) -> int:
    """What has run out leaves the board; answers how many did."""
    return each_by_itself(house, house.db.read(_run_out), _expire)


def _run_out(uow: Uow) -> list[str]:
    statement = select(Demand.id).where(Demand.state == DemandState.OPEN, Demand.until <= uow.now())
    return list(uow.session.execute(statement.order_by(Demand.until).limit(_MOST_AT_ONCE)).scalars())


def _expire(uow: Uow, demand_id: str) -> bool:
    """Looked at anew in this unit."""
    due = select(Demand).where(Demand.id == demand_id, Demand.state == DemandState.OPEN, Demand.until <= uow.now())
    row = uow.session.execute(due.with_for_update()).scalar_one_or_none()
    if row is None:
        return False
    _end(uow, row, "expire")
    _changed(uow, SYSTEM, row, "expire", None)
    return True


def _for_change(uow: Uow, actor: Actor, demand_id: str, action: str) -> tuple[Demand, Decision]:
    row = queries.load(uow, actor, demand_id)
    return row, require(actor, action, queries.resource_of(uow, actor, row))


def _hold_place(uow: Uow, organisation_id: str) -> None:
    """One more may stand on the board until this unit ends: nobody of the organisation posts beside it."""
    identity.hold(uow, organisation_id)
    if queries.open_count(uow, organisation_id) >= rules.MOST_OPEN:
        raise TooManyDemands(Sentence("At most %(most)s are open at once.", most=rules.MOST_OPEN))


def _write(uow: Uow, row: Demand, fields: Mapping[str, Any]) -> None:
    for name, texts in rules.public_texts(fields).items():
        rules.check_text(name, texts)
    for name in ("title", "details"):
        if name in fields:
            setattr(row, name, json.dumps(dict(fields[name]), ensure_ascii=False))
    for name in ("kind", "scene", "volume", "until"):
        if name in fields:
            setattr(row, name, fields[name])
    for name in ("lowest", "highest"):
        if name in fields:
            given = fields[name]
            setattr(row, name, None if given is None else parse_amount(given, row.currency, field=name))
    rules.check_budget(row.lowest, row.highest)
    if "until" in fields:
        rules.check_until(row.until, uow.now())
    texts = [*json.loads(row.title).values(), *json.loads(row.details or "{}").values(), row.volume or ""]
    row.words = " ".join(run for text in texts for run in analysis.runs(text))


def _check_listing(uow: Uow, actor: Actor, listing_id: str) -> None:
    listing = listings.get(uow, actor, listing_id)
    if listing.supplier_id != actor.organisation_id:
        raise ListingNotFound(field="listing_id")
    if listing.state != ListingState.LISTED:
        raise ListingNotOnSale(Sentence("The listing is %(state)s.", state=listing.state), field="listing_id")


def _resource_of_answer(made: DemandAnswer) -> Resource:
    return Resource("demand", made.demand_id, {"owner": made.organisation_id})


def _settle(uow: Uow, actor: Actor, answer_id: str, step: str, reason: str = "") -> AnswerSnapshot:
    made, demand = queries.load_answer(uow, actor, answer_id)
    decision = require(actor, "demand:change", queries.resource_of(uow, actor, demand))
    if step == "take_up" and demand.state == DemandState.REMOVED:
        raise DemandStateConflict("A reviewer took the demand off the board.", state=demand.state)
    made.state, made.reason = rules.settle(made.state, step), reason
    uow.session.flush()
    _record(uow, actor, demand, step, decision, {"answer": made.id}, concerns=made.organisation_id)
    uow.emit(AnswerSettled(answer_id=made.id, state=str(made.state)))
    return made.snapshot()


def _end(uow: Uow, row: Demand, step: str) -> None:
    row.state, row.closed_at = rules.follow(row.state, step), uow.now()
    uow.emit(DemandEnded(demand_id=row.id, state=str(row.state)))


def _look_at_reports(uow: Uow, row: Demand) -> None:
    new = DemandReport.demand_id == row.id, DemandReport.looked_at.is_(None)
    seen = update(DemandReport).where(*new).values(looked_at=uow.now())
    uow.session.execute(seen.execution_options(synchronize_session=False))
    row.reports = 0


def _changed(
    uow: Uow, actor: Actor, row: Demand, deed: str, decision: Decision | None, data: Mapping[str, str] | None = None
) -> DemandSnapshot:
    row.version += 1
    uow.session.flush()
    _record(uow, actor, row, deed, decision, data or {})
    return row.snapshot()


def _record(
    uow: Uow, actor: Actor, row: Demand, deed: str, decision: Decision | None, data: Mapping[str, str],
    concerns: str | None = None,
) -> None:  # fmt: skip
    record(
        uow, actor, action=f"demand:{deed}", object_id=row.id, object_version=row.version, decision=decision,
        data=dict(data), concerns=[row.organisation_id, *([concerns] if concerns else [])],
    )  # fmt: skip
