"""Raising what is unusual, once; and officers who say that they have looked at it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select

from compliance.audit.service import record
from compliance.policy import Resource, require
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.rows import insert_missing
from core.turns import each_by_itself
from exchange.oversight import looking, refusals
from exchange.oversight.errors import AlertAcknowledged, AlertNotFound
from exchange.oversight.events import AlertRaised
from exchange.oversight.models import Alert, OversightMark
from exchange.oversight.rules import QUARTER_S
from exchange.oversight.types import AlertSnapshot, Finding
from exchange.sidecar import refusing

_LATE = timedelta(hours=36)
"""So late a call may still be loaded and be looked at with its day."""
_LONGEST = timedelta(days=14)
_KEPT = timedelta(days=90)


def tend(house: House) -> int:
    """Look at everything since the last time; answers how much was raised or has grown.

    A look again raises nothing twice. Beyond a fortnight nothing is made up for.
    """
    until = house.clock.now()
    since = house.db.read(lambda uow: _looked_at(uow, until)) - _LATE
    found = house.db.read(lambda uow: looking.look(uow, since, until))
    done = each_by_itself(house, found, raise_alert)
    house.db.write(lambda uow: _mark(uow, until))
    return done


def tend_abroad(house: House) -> int:
    """Look at what went abroad this year; answers how much was raised or has grown."""
    return each_by_itself(house, house.db.read(looking.look_abroad), raise_alert)


def raise_alert(uow: Uow, found: Finding) -> bool:
    """Raise a finding that was never raised, or let the figures of an open alert grow; whether it did either."""
    figures, evidence = _text(found.figures), _text(found.evidence)
    alert_id = new_id("alr")
    row = {
        "id": alert_id, "key": found.key, "rule": str(found.rule), "organisation_id": found.organisation_id,
        "subject_id": found.subject_id, "starts_at": found.starts_at, "ends_at": found.ends_at, "figures": figures,
        "evidence": evidence, "raised_at": uow.now(), "changed_at": uow.now(), "acknowledged_at": None,
        "acknowledged_by": None, "note": "",
    }  # fmt: skip
    if insert_missing(uow, Alert, [row]):
        _record(uow, SYSTEM, "raise", alert_id, found.rule, figures, subject=found.subject_id)
        uow.emit(AlertRaised(alert_id=alert_id))
        return True
    known = uow.session.execute(select(Alert).where(Alert.key == found.key).with_for_update()).scalar_one()
    if known.acknowledged_at is not None or known.figures == figures:
        return False
    known.figures, known.evidence, known.changed_at = figures, evidence, uow.now()
    known.starts_at, known.ends_at = found.starts_at, found.ends_at
    uow.session.flush()
    return True


def acknowledge(uow: Uow, actor: Actor, alert_id: str, *, note: str) -> AlertSnapshot:
    """An officer has looked at it, and says what came of it; its figures rest from then on.

    Raises PolicyRefused, AlertNotFound, AlertAcknowledged.
    """
    require(actor, "alert:acknowledge", Resource("alert", alert_id))
    alert = uow.session.get(Alert, alert_id, with_for_update=True)
    if alert is None:
        raise AlertNotFound()
    if alert.acknowledged_at is not None:
        raise AlertAcknowledged(hint="Read what was said about it.")
    alert.acknowledged_at, alert.acknowledged_by, alert.note = uow.now(), actor.account_id, note
    uow.session.flush()
    _record(uow, actor, "acknowledge", alert.id, alert.rule, alert.figures, note=note)
    return alert.snapshot()


def forget_old(uow: Uow) -> int:
    """Remove counts of refusals that no rule looks at any more; alerts and the audit log stay."""
    before = uow.now() - _KEPT
    return refusals.forget(uow, before) + refusing.forget(uow, int(before.timestamp()) // QUARTER_S)


def _record(uow: Uow, actor: Actor, deed: str, alert_id: str, rule: str, figures: str, **more: str) -> None:
    record(uow, actor, action=f"alert:{deed}", object_id=alert_id, data={"rule": str(rule), "figures": figures, **more})


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: Iterable[str]) -> list[str]:
    return list(value)


def _looked_at(uow: Uow, until: datetime) -> datetime:
    mark = uow.session.get(OversightMark, 1)
    return until if mark is None else max(min(mark.looked_at, until), until - _LONGEST)


def _mark(uow: Uow, moment: datetime) -> None:
    insert_missing(uow, OversightMark, [{"id": 1, "looked_at": moment}])
    uow.session.get_one(OversightMark, 1, with_for_update=True).looked_at = moment
