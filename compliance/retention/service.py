"""Keeping records as long as they must be kept, and legal holds: placed by one officer, let go by another."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import datetime
from typing import cast

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from compliance.audit.service import record
from compliance.policy import Resource, require
from compliance.retention import queries
from compliance.retention.errors import HoldEnded, MustBeKept, NothingToHold
from compliance.retention.models import LegalHold, Retention
from compliance.retention.types import HoldSnapshot, Keeping
from compliance.tiers import profile
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Sentence
from core.rows import insert_missing

_ID = re.compile(r"\A[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}\Z")


def keep(uow: Uow, object_id: str, until: datetime, basis: str) -> None:
    """Keep a thing until then at least; a term only ever grows. No policy is asked: for services."""
    uow.session.flush()
    uow.connection.execute(
        _KEEP[uow.house.db.sqlite], {"object_id": object_id, "basis": basis, "until": until}
    )  # fmt: skip


def _upsert(*, sqlite_dialect: bool) -> Executable:
    dialect = sqlite if sqlite_dialect else postgresql
    table = cast(Table, Retention.__table__)
    statement = dialect.insert(table)
    growing: Executable = statement.on_conflict_do_update(
        index_elements=[table.c.object_id, table.c.basis],
        set_={"until": statement.excluded.until},
        where=table.c.until < statement.excluded.until,
    )
    return growing


_KEEP = {on_sqlite: _upsert(sqlite_dialect=on_sqlite) for on_sqlite in (True, False)}


def keep_records(uow: Uow, object_ids: Iterable[str], *, tier: int, ended_at: datetime, basis: str = "records") -> None:
    """Keep what belongs to something that ended, for as many years as its tier asks for."""
    until = years_after(ended_at, profile(uow.house.settings.tier_profile).row(tier).records_years)
    for object_id in object_ids:
        keep(uow, object_id, until, basis)


def years_after(moment: datetime, years: int) -> datetime:
    """The same moment so many years later; the 29th of February becomes the 28th."""
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, moment.month)[1])
    return moment.replace(year=year, day=day)


def must_keep(uow: Uow, object_id: str) -> Keeping | None:
    """Why a thing may not be erased now, or None."""
    return queries.must_keep(uow, object_id)


def refuse_erasure(uow: Uow, actor: Actor, object_ids: Iterable[str]) -> None:
    """Raises MustBeKept, which is logged, when one of the things must be kept: which one, why and until when."""
    for object_id in object_ids:
        kept = queries.must_keep(uow, object_id)
        if kept is not None:
            until = kept.until.date().isoformat() if kept.until else None
            reason = Sentence("Until %(until)s (%(basis)s).", until=until, basis=kept.basis)
            raise MustBeKept(
                reason if until else "A legal hold stands on it.", actor=actor, action="retention:erase",
                object_id=object_id, kept=object_id, basis=kept.basis, until=until,
            )  # fmt: skip


def place_hold(uow: Uow, actor: Actor, *, object_id: str, reason: str) -> HoldSnapshot:
    """Nothing of the thing is erased until another officer lets it go; placed again, it is the same hold.

    Raises PolicyRefused, NothingToHold.
    """
    decision = require(actor, "hold:place", Resource("hold", object_id))
    if not _ID.match(object_id):
        raise NothingToHold("Give the id of the order, listing, organisation or account.", field="object_id")
    hold_id = new_id("hld")
    given = {
        "id": hold_id, "object_id": object_id, "reason": reason, "placed_by": actor.account_id,
        "placed_at": uow.now(), "released_by": None, "released_at": None, "release_reason": "",
    }  # fmt: skip
    if insert_missing(uow, LegalHold, [given]):
        record(uow, actor, action="hold:place", object_id=object_id, decision=decision, data={"hold": hold_id})
    row = queries.standing(uow, object_id)
    assert row is not None
    return row.snapshot()


def release_hold(uow: Uow, actor: Actor, hold_id: str, *, reason: str) -> HoldSnapshot:
    """Let a hold go: never by whoever placed it. Raises HoldNotFound, PolicyRefused, HoldEnded."""
    require(actor, "hold:see", Resource("hold", hold_id))
    row = queries.load(uow, hold_id)
    decision = require(actor, "hold:release", Resource("hold", row.id, {"placed_by": row.placed_by}))
    if row.released_at is not None:
        raise HoldEnded("Nothing is held by it.")
    row.released_by, row.released_at, row.release_reason = actor.account_id, uow.now(), reason
    uow.session.flush()
    record(uow, actor, action="hold:release", object_id=row.object_id, decision=decision, data={"hold": row.id})
    return row.snapshot()
