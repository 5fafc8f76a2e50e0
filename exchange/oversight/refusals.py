"""Refusals that people and their programs met outside the gateways: kept with what they are looked up by."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select

from compliance.audit import queries as audit
from core.actor import Actor
from core.db import Uow
from core.problems import Refused
from exchange.oversight.models import RefusedDeed


def keep(uow: Uow, refusal: Refused) -> None:
    """Note a refusal of somebody who acts for an organisation, beside its audit entry, in the same unit."""
    who = refusal.actor
    if not isinstance(who, Actor) or not who.signed_in or who.organisation_id is None:
        return
    entry_id = audit.newest_of(uow, who.pseudonym)
    if entry_id is not None:
        row = {
            "entry_id": entry_id, "organisation_id": who.organisation_id, "action": refusal.action[:60],
            "code": refusal.code, "subject_id": refusal.object_id[:60], "at": uow.now(),
        }  # fmt: skip
        uow.session.execute(insert(RefusedDeed), [row])


def between(uow: Uow, since: datetime, until: datetime) -> Sequence[RefusedDeed]:
    """Those of a time, oldest first."""
    chosen = select(RefusedDeed).where(RefusedDeed.at >= since, RefusedDeed.at < until)
    return uow.session.execute(chosen.order_by(RefusedDeed.at, RefusedDeed.entry_id)).scalars().all()


def forget(uow: Uow, before: datetime) -> int:
    """Remove the notes of old refusals; their audit entries stay."""
    old = delete(RefusedDeed).where(RefusedDeed.at < before).returning(RefusedDeed.entry_id)
    return len(uow.session.execute(old).all())
