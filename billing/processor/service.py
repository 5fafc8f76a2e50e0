"""Asking the processor: written down first, then asked, then what came of it is written in one unit.

Killed anywhere, it is asked again with the same key, and the processor answers what it did the first time. A refused
attempt has ended: what was reserved for it is given back in that unit, and its key is never sent again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from billing.processor import queries
from billing.processor.client import Processor
from billing.processor.errors import RemoteRefusal, RemoteUnknown
from billing.processor.events import AttemptDone, AttemptRefused, ProcessorTold
from billing.processor.models import AttemptRow
from billing.processor.types import Attempt, AttemptState, Deed, Kind, Told
from core.db import Uow
from core.house import House
from core.ids import new_id

_LEASE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=10)
_KEYS_KEPT = timedelta(hours=20)
"""Stripe keeps idempotency keys for at least 24 hours. After this we look first whether it was done."""
log = logging.getLogger("piaohao.processor")


def plan(
    uow: Uow, deed: Deed, subject_id: str, params: Mapping[str, Any], *, target: str = "", account: str = ""
) -> str:
    """Write down what is to be asked; answers the attempt's id. It is asked after this unit."""
    attempt_id = new_id("att")
    marked = dict(params)
    if deed not in _UNMARKED:
        marked["metadata"] = {**params.get("metadata", {}), "attempt": attempt_id}
    uow.session.add(
        AttemptRow(
            id=attempt_id, deed=str(deed), subject_id=subject_id, target=target, account=account,
            params=json.dumps(marked), state=str(AttemptState.PLANNED), due_at=uow.now(), created_at=uow.now(),
        )
    )  # fmt: skip
    uow.session.flush()
    return attempt_id


def carry_out(house: House, attempt_id: str) -> Attempt:
    """Ask the processor, if there is no answer yet, and write down what came of it. Answers the attempt as it stands.

    Never call it inside a unit. Without an answer the attempt stays planned, and the worker asks again.
    """
    attempt, first_at = house.db.write(lambda uow: _begin(uow, attempt_id))
    if attempt.state is not AttemptState.PLANNED:
        return attempt
    try:
        remote = _ask(house, attempt, first_at)
    except RemoteRefusal as refused:
        refusal = refused
        return house.db.write(lambda uow: _refuse(uow, attempt_id, refusal))
    except RemoteUnknown as unanswered:
        why = str(unanswered)
        log.warning("%s (%s) has no answer: %s", attempt_id, attempt.deed, why)
        return house.db.write(lambda uow: _postpone(uow, attempt_id, why))
    return house.db.write(lambda uow: _finish(uow, attempt_id, remote))


def resume(house: House, limit: int = 20) -> int:
    """Ask for whatever is due; answers how much was tried. Safe to run anywhere, any time."""
    due = house.db.read(lambda uow: queries.due(uow, limit))
    for attempt_id in due:
        carry_out(house, attempt_id)
    return len(due)


def look(house: House, kind: Kind, remote_id: str, account: str = "") -> Told:
    """Look at a remote object, outside of any unit. Raises RemoteRefusal and RemoteUnknown."""
    seen_at = house.clock.now()
    return Told(kind, remote_id, house.adapter(Processor).look(kind, remote_id, account), account, seen_at)  # type: ignore[type-abstract]


def follow(house: House, kind: Kind, remote_id: str, account: str = "") -> None:
    """Look at a remote object and bring our side in line with it. Raises RemoteRefusal and RemoteUnknown."""
    told = look(house, kind, remote_id, account)
    house.db.write(lambda uow: uow.emit(ProcessorTold(told)))


def _ask(house: House, attempt: Attempt, first_at: datetime) -> Mapping[str, Any]:
    """What the processor did. Of an attempt that broke there the key brings the same breakage, or is forgotten by now:

    so what it made is looked for, by the mark that it carries.
    """
    processor = house.adapter(Processor)  # type: ignore[type-abstract]
    if house.clock.now() - first_at > _KEYS_KEPT and (done := processor.find(attempt)) is not None:
        return done
    try:
        return processor.ask(attempt)
    except RemoteUnknown:
        if attempt.tries > 1 and (done := processor.find(attempt)) is not None:
            return done
        raise


def _begin(uow: Uow, attempt_id: str) -> tuple[Attempt, datetime]:
    """Nobody else asks for a while: not that it would harm, but it would be in vain."""
    row = uow.session.get_one(AttemptRow, attempt_id, with_for_update=True, populate_existing=True)
    if row.state == AttemptState.PLANNED:
        row.tries, row.due_at, row.first_at = row.tries + 1, uow.now() + _LEASE, row.first_at or uow.now()
        uow.session.flush()
    return row.snapshot(), row.first_at or uow.now()


def _postpone(uow: Uow, attempt_id: str, why: str) -> Attempt:
    row = uow.session.get_one(AttemptRow, attempt_id, with_for_update=True, populate_existing=True)
    if row.state == AttemptState.PLANNED:
        row.message = why[:500]
        row.due_at = uow.now() + min(_LONGEST_PAUSE, timedelta(seconds=2 ** min(row.tries, 12)))
        uow.session.flush()
    return row.snapshot()


def _finish(uow: Uow, attempt_id: str, remote: Mapping[str, Any]) -> Attempt:
    remote_id = str(remote.get("id") or "")
    if _end(uow, attempt_id, AttemptState.DONE, remote_id=remote_id):
        ended = queries.attempt(uow, attempt_id)
        uow.emit(AttemptDone(attempt_id, str(ended.deed), ended.subject_id, remote_id, remote))
    return queries.attempt(uow, attempt_id)


def _refuse(uow: Uow, attempt_id: str, refusal: RemoteRefusal) -> Attempt:
    said = {"code": refusal.code[:80], "message": refusal.message[:500]}
    if _end(uow, attempt_id, AttemptState.REFUSED, **said):
        ended = queries.attempt(uow, attempt_id)
        uow.emit(AttemptRefused(attempt_id, str(ended.deed), ended.subject_id, ended.code, ended.message))
    return queries.attempt(uow, attempt_id)


def _end(uow: Uow, attempt_id: str, state: AttemptState, **said: str) -> bool:
    """The one transition there is, decided by the database: of two that bring an answer, one writes it."""
    ended = uow.session.execute(
        update(AttemptRow)
        .where(AttemptRow.id == attempt_id, AttemptRow.state == AttemptState.PLANNED)
        .values(state=str(state), ended_at=uow.now(), **{"message": "", **said})
        .returning(AttemptRow.id)
        .execution_options(synchronize_session=False)
    )
    return ended.first() is not None


_UNMARKED = frozenset({Deed.EXPIRE, Deed.CANCEL})
"""What has no metadata of its own."""
