"""Recording: the entry is written in the unit of the change it tells of. No entry, no change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import cast

from sqlalchemy import String, Table, bindparam, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from compliance.audit import epochs
from compliance.audit.entry import encode
from compliance.audit.models import AuditConcern, AuditCounter, AuditEntry, AuditPending
from compliance.policy import Decision, versions
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Refused

_INSERT_ENTRY = insert(cast(Table, AuditEntry.__table__))
_INSERT_PENDING = insert(cast(Table, AuditPending.__table__))
_INSERT_CONCERN = insert(cast(Table, AuditConcern.__table__))
_ID = bindparam("id", type_=String)
_INSERT_ALL = (
    insert(cast(Table, AuditConcern.__table__))
    .from_select(
        ["organisation_id", "entry_id"],
        select(func.unnest(bindparam("concerned", type_=postgresql.ARRAY(String))), _ID),
    )
    .add_cte(
        _INSERT_ENTRY.values({name: bindparam(name) for name in ("id", "object_id", "action", "at", "body")}).cte(
            "entry"
        ),
        _INSERT_PENDING.values(entry_id=_ID).cte("pending"),
    )
)
_COUNTER = cast(Table, AuditCounter.__table__)
_COUNT = {
    name: dialect.insert(_COUNTER)
    .on_conflict_do_update(index_elements=[_COUNTER.c.object_id], set_={"last": _COUNTER.c.last + 1})
    .returning(_COUNTER.c.last)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


def record(
    uow: Uow,
    actor: Actor,
    *,
    action: str,
    object_id: str,
    object_version: int | None = None,
    tier: int | None = None,
    decision: Decision | None = None,
    data: Mapping[str, str] | None = None,
    concerns: Iterable[str] = (),
) -> str:
    """Write an entry ``subject:verb`` about one object; answers the entry's id.

    ``data`` holds nothing personal: people are named by pseudonym, amounts, ids and times are texts.
    ``concerns`` names the organisations that may read the entry.
    """
    entry_id = new_id("aud")
    body = encode(
        origin=epochs.origin(uow.house), entry_id=entry_id, at=uow.now(), actor=actor.pseudonym, action=action,
        object_id=object_id, object_seq=_next_number(uow, object_id), object_version=object_version, tier=tier,
        decision=_brief(decision) if decision else None, data=data,
    )  # fmt: skip
    entry = {"id": entry_id, "object_id": object_id, "action": action, "at": uow.now(), "body": body}
    _write(uow, entry, [each for each in dict.fromkeys(concerns) if each])
    return entry_id


def _write(uow: Uow, entry: dict[str, object], concerned: list[str]) -> None:
    if not uow.house.db.sqlite:  # one way to the server and back instead of three: units hold rows meanwhile
        uow.connection.execute(_INSERT_ALL, {**entry, "concerned": concerned})
        return
    uow.connection.execute(_INSERT_ENTRY, [entry])
    uow.connection.execute(_INSERT_PENDING, [{"entry_id": entry["id"]}])
    if concerned:
        rows = [{"organisation_id": each, "entry_id": entry["id"]} for each in concerned]
        uow.connection.execute(_INSERT_CONCERN, rows)


def record_refusal(uow: Uow, refusal: Refused) -> None:
    """Keep the refusal of a signed-in actor. Refusals of strangers are not kept, or an attacker owns the writer.

    It stands in the history of who was refused, not of the thing: what one buyer tried must not turn up in
    the evidence bundle of another.
    """
    actor = refusal.actor
    if not isinstance(actor, Actor) or not actor.signed_in:
        return
    entry_id = record(
        uow, actor, action=f"refused:{refusal.action}", object_id=actor.pseudonym,
        decision=refusal.decision, data={"code": refusal.code, "subject": _known(refusal.object_id)},
        concerns=[actor.organisation_id] if actor.organisation_id else [],
    )  # fmt: skip
    if refusal.decision is not None:
        versions.keep_decision(uow, entry_id, refusal.decision.as_dict())


def _known(object_id: str) -> str:
    """The refused object, unless its name is not one of ours: then nobody's words enter the log."""
    return object_id if re.fullmatch(r"[a-z]{3}_[0-9a-z]{26}", object_id) else "unknown"


def _brief(decision: Decision) -> dict[str, object]:
    """What an entry holds of a decision: enough to repeat it with the policy of that hash."""
    return {"effect": decision.effect, "policy": decision.policy_hash, "rules": list(decision.rules)}


def _next_number(uow: Uow, object_id: str) -> int:
    """The object's next number: one counter row, so that a history cannot lose a link unnoticed."""
    statement = _COUNT["sqlite" if uow.house.db.sqlite else "postgresql"]
    number: int = uow.connection.execute(statement, {"object_id": object_id, "last": 1}).scalar_one()
    return number
