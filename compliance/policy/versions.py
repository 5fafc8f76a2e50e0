"""Which version of the rules is in force: one row of the database, that every process follows.

Web reads its hash beside each session; what has no session looks once a second (``keep_up``).
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select

from compliance import tiers
from compliance.policy import document
from compliance.policy.document import PolicyInvalid
from compliance.policy.emergency import emergency
from compliance.policy.models import KeptDecision, PolicyVersion
from core.db import Uow
from core.house import House

LOOK_S = 1.0
log = logging.getLogger("piaohao.policy")


class VersionState(StrEnum):
    """A version waits for a second officer, is in force, was in force, or was rejected or overtaken."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REPLACED = "replaced"
    REJECTED = "rejected"


@dataclass(frozen=True)
class VersionSnapshot:
    """One version. ``base_hash`` is the policy that was in force when it was proposed."""

    id: str
    hash: str
    version: int
    state: str
    reason: str
    base_hash: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


def snapshot(row: PolicyVersion) -> VersionSnapshot:
    return VersionSnapshot(
        id=row.id, hash=row.hash, version=number_of(row), state=row.state, reason=row.reason,
        base_hash=row.base_hash, proposed_by=row.proposed_by, proposed_at=row.proposed_at, decided_by=row.decided_by,
        decided_at=row.decided_at,
    )  # fmt: skip


def number_of(row: PolicyVersion) -> int:
    """The version that a document says it is of; 0 for one that cannot be read."""
    try:
        return int(json.loads(row.document)["version"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return 0


def active() -> Select[str]:
    """The hash of the version in force, for a statement that reads something else anyway; see ``follow``."""
    return select(PolicyVersion.hash).where(PolicyVersion.state == VersionState.ACTIVE)


def follow(uow: Uow, hash_in_force: str | None) -> None:
    """Decide by the policy of that hash from now on; by the one that ships when none was activated."""
    using = document.current()
    if hash_in_force is None:
        if using is not document.shipped():
            document.use(None)
    elif using.hash != hash_in_force and not (using is emergency() and _unreadable[-1] == hash_in_force):
        document.use(usable(uow, hash_in_force))
    _unreadable[-1] = hash_in_force if document.current() is emergency() else None


def usable(uow: Uow, wanted: str) -> document.Policy:
    """The policy of that hash; when this program cannot read it, the strictest there is."""
    try:
        return of_hash(uow, wanted)
    except (PolicyInvalid, LookupError) as error:
        log.error("the policy %s cannot be read, until it is replaced nothing is permitted: %s", wanted, error)
        return emergency()


def unreadable() -> str | None:
    """The hash of the policy in force when this process cannot read it, and so permits nothing."""
    return _unreadable[-1]


_unreadable: list[str | None] = [None]


def fault(uow: Uow) -> str:
    """What is wrong with the policy in force, empty when nothing is: for ``doctor``."""
    in_force = uow.session.execute(active()).scalar_one_or_none()
    try:
        _ = in_force and of_hash(uow, in_force)
    except (PolicyInvalid, LookupError) as error:
        return f"{in_force}: {error}"
    return ""


def of_hash(uow: Uow, wanted: str) -> document.Policy:
    """A policy that is in force, was, or was proposed. Raises LookupError, and PolicyInvalid for one that cannot be
    read any more.
    """
    for known in (document.shipped(), emergency()):
        if wanted == known.hash:
            return known
    statement = select(PolicyVersion.document).where(PolicyVersion.hash == wanted).limit(1)
    found = uow.session.execute(statement).scalar_one_or_none()
    if found is None:
        raise LookupError(wanted)
    try:
        return document.parse(json.loads(found))
    except (ValueError, TypeError, RecursionError) as error:
        raise PolicyInvalid(str(error)) from None


def refresh(uow: Uow) -> None:
    """Follow what is in force now; and which day it is, for the profiles of tiers."""
    follow(uow, uow.session.execute(active()).scalar_one_or_none())
    tiers.follow(uow.now().date())


def keep_up(house: House, stop: threading.Event) -> None:
    """Refresh once a second until asked to stop; while the database cannot be read, go on by the rules of before."""
    while not stop.is_set():
        try:
            house.db.read(refresh)
        except Exception:  # whatever it is, the next look may be better
            log.exception("the policy in force cannot be read")
        stop.wait(LOOK_S)


def documents(uow: Uow, hashes: Iterable[str]) -> dict[str, bytes]:
    """The canonical documents of those of the versions that the database knows."""
    statement = select(PolicyVersion.hash, PolicyVersion.document).where(PolicyVersion.hash.in_(set(hashes)))
    return {each: text.encode() for each, text in uow.session.execute(statement)}


def keep_decision(uow: Uow, entry_id: str, decided: dict[str, object]) -> None:
    """The whole of a decision that an entry of the log tells of in brief."""
    uow.session.add(KeptDecision(entry_id=entry_id, document=json.dumps(decided, ensure_ascii=False)))


def kept_decision(uow: Uow, entry_id: str) -> dict[str, object] | None:
    row = uow.session.get(KeptDecision, entry_id)
    return None if row is None else dict(json.loads(row.document))
