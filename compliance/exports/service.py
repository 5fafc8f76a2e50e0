"""Counting what leaves the country, before it does: checked at the inquiry, reserved when the terms are agreed, counted
for good when it is paid, let go when the order ends before.

``check`` only looks. ``reserve`` and ``settle`` hold the exporter's row of the year, so that two orders at the same
moment are counted one after the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import MAXYEAR, datetime

from sqlalchemy import select

from compliance.audit.service import record
from compliance.exports import counting, queries, rules
from compliance.exports.errors import (
    REFUSALS,
    ClearanceEnded,
    ClearanceInvalid,
    ClearanceNotFound,
    ExportNotCountable,
    PersonsLost,
)
from compliance.exports.events import ClearanceRecorded, PersonsCounted
from compliance.exports.models import Export, ExportClearance, ExportFile, ExportYear, PersonSet
from compliance.exports.sets import SetFigures, SetMissing
from compliance.exports.types import ClearanceSnapshot, Count, ExportState, ExportWord, Revision, Verdict
from compliance.identity import queries as identity
from compliance.policy import Resource, require
from compliance.retention.service import years_after
from compliance.tiers import profile
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.ids import new_id
from core.problems import DomainError, Sentence
from core.rows import insert_missing

_LONGEST_YEARS = 3


def check(
    uow: Uow, *, supplier_id: str, buyer_country: str, territories: Iterable[str], revision: Revision, tier: int
) -> Verdict:
    """Whether this data may go to these countries as things stand; nothing is counted. Asks no policy: for services."""
    abroad = rules.destinations(uow.house.settings.home_country, [buyer_country, *territories])
    return _judge(uow, supplier_id, abroad, revision, tier, year=queries.year_of(uow.house, uow.now()), but="")


def reserve(
    uow: Uow, order_id: str, *, supplier_id: str, buyer_country: str, territories: Iterable[str], revision: Revision,
    tier: int,
) -> Verdict:  # fmt: skip
    """Count an order's persons before anything is paid; again, with other terms perhaps, it replaces what was.

    An order that stays at home reserves nothing. Raises ExportBlocked, ExportThresholdReached, ExportNotCountable.
    """
    abroad = rules.destinations(uow.house.settings.home_country, [buyer_country, *territories])
    year = queries.year_of(uow.house, uow.now())
    if abroad:
        _hold_year(uow, supplier_id, year)
    verdict = _judge(uow, supplier_id, abroad, revision, tier, year=year, but=order_id)
    row = uow.session.get(Export, order_id, with_for_update=True)
    if not verdict.permitted:
        raise refusal(verdict)
    if not verdict.abroad:
        if row is not None:
            _release(uow, row)
        return verdict
    if row is not None and row.state == ExportState.SETTLED:
        return verdict  # it has gone; it stays counted as it was
    _write(uow, row, order_id, supplier_id, year, revision, tier, verdict)
    return verdict


def settle(uow: Uow, order_id: str) -> None:
    """The order is paid: its persons stay counted. In another year than it was reserved in, it is counted in that.

    Nothing for an order that stays at home. Raises ExportBlocked, ExportThresholdReached, ExportNotCountable.
    """
    row = uow.session.get(Export, order_id, with_for_update=True)
    if row is None or row.state == ExportState.SETTLED:
        return
    year = queries.year_of(uow.house, uow.now())
    if row.state == ExportState.RELEASED or row.year != year or not _still_cleared(uow, row):
        _count_again(uow, row, year)
    row.state, row.changed_at = ExportState.SETTLED, uow.now()
    uow.session.flush()
    _record(uow, SYSTEM, "export:settle", row)


def release(uow: Uow, order_id: str) -> None:
    """The order ended before anything was handed over: its persons count no more. What was settled stays counted."""
    row = uow.session.get(Export, order_id, with_for_update=True)
    if row is not None and row.state == ExportState.RESERVED:
        _release(uow, row)


def refusal(verdict: Verdict) -> DomainError:
    """The error that a verdict is told by, with the numbers and what would help."""
    hint = None
    if verdict.accepts:
        hint = Sentence("A compliance officer records one of: %(names)s.", names=", ".join(verdict.accepts))
    return REFUSALS[verdict.code](
        Sentence(
            "Destinations: %(countries)s. Persons this year: %(persons)s, of whom sensitive: %(sensitive)s.",
            countries=", ".join(verdict.destinations), persons=verdict.after.persons, sensitive=verdict.after.sensitive,
        ),
        field="territories", hint=hint, export=verdict.word, accepts=list(verdict.accepts),
    )  # fmt: skip


def keep_persons(uow: Uow, file_id: str, owner_id: str, figures: SetFigures | None, *, missing: str = "") -> None:
    """Remember which set tells of a file's persons; ``missing`` says why they could not all be counted.

    For the scanner. Without figures nothing could be read.
    """
    row = uow.session.get(PersonSet, file_id) or PersonSet(file_id=file_id, owner_id=owner_id)
    row.sha256 = figures.sha256 if figures else ""
    row.persons = figures.persons if figures else 0
    row.sensitive = figures.sensitive if figures else 0
    row.identifiers = figures.identifiers if figures else 0
    row.missing, row.made_at = missing[:40], uow.now()
    uow.session.add(row)
    uow.session.flush()
    uow.emit(PersonsCounted(organisation_id=owner_id))


def record_clearance(
    uow: Uow, actor: Actor, *, organisation_id: str, mechanism: str, number: str, countries: Iterable[str],
    valid_from: datetime, valid_until: datetime,
) -> ClearanceSnapshot:  # fmt: skip
    """What an exporter has shown to an officer: a filed contract, a certificate, an assessment that was passed.

    Raises PolicyRefused, OrganisationNotFound, ClearanceInvalid.
    """
    decision = require(actor, "export:clear", Resource("export", organisation_id, {"owner": organisation_id}))
    identity.organisation(uow, organisation_id)
    known = sorted({each for threshold in queries.thresholds(uow) for each in threshold.accepts})
    if mechanism not in known:
        raise ClearanceInvalid(Sentence("One of %(names)s.", names=", ".join(known)), field="mechanism")
    if valid_from.year > MAXYEAR - _LONGEST_YEARS:
        raise ClearanceInvalid("It holds for three years at most.", field="valid_from")
    if not valid_from < valid_until <= years_after(valid_from, _LONGEST_YEARS):
        raise ClearanceInvalid("It holds for three years at most.", field="valid_until")
    assert actor.account_id is not None
    row = ExportClearance(
        id=new_id("exc"), organisation_id=organisation_id, mechanism=mechanism, number=number,
        countries=json.dumps(sorted(set(countries))), valid_from=valid_from, valid_until=valid_until,
        recorded_by=actor.account_id, recorded_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    record(
        uow, actor, action="export:clear", object_id=row.id, decision=decision, concerns=[organisation_id],
        data={"mechanism": mechanism, "number": number, "until": valid_until.isoformat(), "exporter": organisation_id},
    )  # fmt: skip
    uow.emit(ClearanceRecorded(organisation_id=organisation_id))
    return row.snapshot()


def withdraw_clearance(uow: Uow, actor: Actor, clearance_id: str, *, reason: str) -> ClearanceSnapshot:
    """It covers nothing any more; what has gone stays counted.

    Raises ClearanceNotFound, PolicyRefused, ClearanceEnded.
    """
    row = uow.session.get(ExportClearance, clearance_id, with_for_update=True)
    decision = require(actor, "export:clear", Resource("export", row.organisation_id if row else clearance_id))
    if row is None:
        raise ClearanceNotFound()
    if row.withdrawn_at is not None:
        raise ClearanceEnded("It covers nothing.")
    row.withdrawn_at = uow.now()
    uow.session.flush()
    record(
        uow, actor, action="export:withdraw", object_id=row.id, decision=decision, data={"reason": reason},
        concerns=[row.organisation_id],
    )  # fmt: skip
    return row.snapshot()


def follow_tier(uow: Uow, order_id: str, tier: int) -> None:
    """The tier of an order's data rose before it was paid: it goes abroad as the tier of now has it, or not at all.

    Raises ExportBlocked, ExportThresholdReached, ExportNotCountable, PersonsLost.
    """
    row = uow.session.get(Export, order_id, with_for_update=True)
    if row is None or row.state == ExportState.RELEASED or tier <= row.tier:
        return
    row.tier = tier
    _count_again(uow, row, row.year)
    uow.session.flush()
    _record(uow, SYSTEM, "export:regrade", row)


def judge_again(uow: Uow, order_id: str, tier: int) -> str:
    """What went abroad stays counted; whether more of it may go at the tier of now. Answers the code of why not.

    ``queries.lacking`` remembers it until a clearance that covers it is recorded and this is asked again.
    """
    row = uow.session.get(Export, order_id, with_for_update=True)
    if row is None or row.state != ExportState.SETTLED:
        return ""
    before, row.tier = (row.tier, row.lacking), tier
    try:
        _count_again(uow, row, row.year)
        row.lacking = ""
    except tuple(REFUSALS.values()) as refused:
        row.lacking = refused.code
    uow.session.flush()
    if before != (row.tier, row.lacking):
        _record(uow, SYSTEM, "export:regrade", row)
    return row.lacking


def _judge(
    uow: Uow, supplier_id: str, abroad: tuple[str, ...], revision: Revision, tier: int, *, year: int, but: str
) -> Verdict:
    word = profile(uow.house.settings.tier_profile).row(tier).export
    if not abroad or word == ExportWord.ALLOWED:
        return Verdict(permitted=True, word=word, destinations=abroad)
    files = {file.id for file in revision.files}
    own = _own(uow, files) if revision.interface is None else None
    return _verdict(uow, supplier_id, abroad, word, files, own, year=year, but=but)


def _verdict(
    uow: Uow, supplier_id: str, abroad: tuple[str, ...], word: str, files: set[str], own: Count | None, *, year: int,
    but: str,
) -> Verdict:  # fmt: skip
    members = queries.group_of(uow, supplier_id)
    gone = queries.counted_files(uow, members, year, but=but)
    lost = False
    try:
        after = counting.count(uow, gone | files)
        before = after if files <= gone else Count() if uow.writes else counting.count(uow, gone)  # others wait
    except SetMissing:
        lost, before, after = True, counting.at_most(uow, gone), counting.at_most(uow, gone | files)
    verdict = rules.judge(
        word, abroad, queries.thresholds(uow), queries.clearances_of(uow, [supplier_id]), uow.now(),
        own=None if lost else own, before=before, after=after,
    )  # fmt: skip
    return replace(verdict, code=PersonsLost.code) if lost and verdict.code == ExportNotCountable.code else verdict


def _own(uow: Uow, files: set[str]) -> Count | None:
    """The data's own persons; None when a file was not counted, or not wholly."""
    known = queries.person_sets(uow, files)
    if files - known.keys() or any(each.missing for each in known.values()):
        return None
    return _together(uow, files)


def _together(uow: Uow, files: set[str]) -> Count:
    """The distinct persons in files; of which a set is lost, rather too many."""
    try:
        return counting.count(uow, files)
    except SetMissing:
        return counting.at_most(uow, files)


def _hold_year(uow: Uow, supplier_id: str, year: int) -> None:
    """Hold the rows of the exporter and its affiliates until the unit ends, always in the same order."""
    members = sorted(queries.group_of(uow, supplier_id))
    insert_missing(uow, ExportYear, [{"organisation_id": each, "year": year} for each in members])
    held = select(ExportYear).where(ExportYear.organisation_id.in_(members), ExportYear.year == year)
    uow.session.execute(held.order_by(ExportYear.organisation_id).with_for_update()).all()


def _write(
    uow: Uow, row: Export | None, order_id: str, supplier_id: str, year: int, revision: Revision, tier: int,
    verdict: Verdict,
) -> None:  # fmt: skip
    files = {file.id for file in revision.files}
    own = _together(uow, files)
    if row is None:
        row = Export(order_id=order_id, reserved_at=uow.now())
        uow.session.add(row)
    row.supplier_id, row.year, row.revision_id, row.tier = supplier_id, year, revision.id, tier
    row.destinations, row.state = json.dumps(verdict.destinations), ExportState.RESERVED
    row.persons, row.sensitive, row.clearance_id = own.persons, own.sensitive, verdict.clearance_id
    row.lacking = ""
    row.changed_at = uow.now()
    uow.session.flush()
    handed = select(ExportFile).where(ExportFile.order_id == order_id)
    known = {each.file_id: each for each in uow.session.execute(handed).scalars()}
    for file_id in known.keys() - files:
        uow.session.delete(known[file_id])
    uow.session.add_all(ExportFile(order_id=order_id, file_id=each) for each in sorted(files - known.keys()))
    uow.session.flush()
    _record(uow, SYSTEM, "export:reserve", row)


def _still_cleared(uow: Uow, row: Export) -> bool:
    """Whether the clearance it was reserved under is in force still."""
    if row.clearance_id is None:
        return True
    clearance = uow.session.get_one(ExportClearance, row.clearance_id).snapshot()
    return clearance.covers([clearance.mechanism], json.loads(row.destinations), uow.now())


def _count_again(uow: Uow, row: Export, year: int) -> None:
    _hold_year(uow, row.supplier_id, year)
    handed = select(ExportFile.file_id).where(ExportFile.order_id == row.order_id)
    files = set(uow.session.execute(handed).scalars())
    word = profile(uow.house.settings.tier_profile).row(row.tier).export
    abroad = tuple(json.loads(row.destinations))
    own = _own(uow, files) if files else None
    if word == ExportWord.ALLOWED:
        verdict = Verdict(permitted=True)
    else:
        verdict = _verdict(uow, row.supplier_id, abroad, word, files, own, year=year, but=row.order_id)
    if not verdict.permitted:
        raise refusal(verdict)
    row.year, row.clearance_id = year, verdict.clearance_id


def _release(uow: Uow, row: Export) -> None:
    row.state, row.changed_at = ExportState.RELEASED, uow.now()
    uow.session.flush()
    _record(uow, SYSTEM, "export:release", row)


def _record(uow: Uow, actor: Actor, action: str, row: Export) -> None:
    data = {
        "year": str(row.year), "destinations": ",".join(json.loads(row.destinations)), "persons": str(row.persons),
        "sensitive": str(row.sensitive), "clearance": row.clearance_id or "none",
    }  # fmt: skip
    record(uow, actor, action=action, object_id=row.order_id, tier=row.tier, data=data, concerns=[row.supplier_id])
