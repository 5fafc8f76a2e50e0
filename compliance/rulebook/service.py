"""What officers do with the rules: propose, activate, reject. Two people change what everybody may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from compliance.audit.service import record
from compliance.policy import Decision, PolicyInvalid, Resource, bounds, listing_predicate, parse, require, versions
from compliance.policy.document import Policy, shipped
from compliance.policy.evaluate import permits
from compliance.policy.events import PolicyActivated
from compliance.policy.models import PolicyVersion
from compliance.policy.versions import VersionSnapshot, VersionState
from compliance.rulebook import queries
from compliance.rulebook.cells import PERSONAS, actor_facts
from compliance.rulebook.errors import (
    PolicyBaseChanged,
    PolicyDocumentInvalid,
    PolicyLocksOut,
    PolicyUnchanged,
    VersionDecided,
)
from core.actor import ANONYMOUS, Actor
from core.db import Uow
from core.ids import new_id


def propose(uow: Uow, actor: Actor, *, document: Mapping[str, Any], reason: str) -> VersionSnapshot:
    """A whole new policy, with a reason; nothing changes before another officer activates it.

    Raises PolicyRefused, PolicyDocumentInvalid, PolicyTooLarge, PolicyUnchanged, PolicyLocksOut.
    """
    decision = require(actor, "policy:propose", Resource("policy", "new"))
    base = _in_force(uow)
    made = _checked(document, base)
    queries.check_work(uow.house, base, made)
    assert actor.account_id is not None
    row = PolicyVersion(
        id=new_id("pol"), hash=made.hash, document=made.canonical.decode(), state=VersionState.PROPOSED, reason=reason,
        base_hash=base.hash, proposed_by=actor.account_id, proposed_at=uow.now(),
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    _record(uow, actor, "propose", row, decision)
    return versions.snapshot(row)


def activate(uow: Uow, actor: Actor, version_id: str, *, hash: str) -> VersionSnapshot:
    """From this unit's commit on everybody is judged by this version.

    It takes another officer than who proposed it, who names the hash that was looked at.

    Raises PolicyRefused, VersionNotFound, VersionDecided, PolicyBaseChanged, PolicyDocumentInvalid.
    """
    row, decision = _for_decision(uow, actor, version_id, "activate")
    queries.readable(uow, row.hash)
    base = _in_force(uow, lock=True)
    if row.base_hash != base.hash or row.hash != hash:
        raise PolicyBaseChanged("Propose it again, and look at what it changes then.", field="hash", current=base.hash)
    active = select(PolicyVersion).where(PolicyVersion.state == VersionState.ACTIVE).with_for_update()
    for before in uow.session.execute(active).scalars():
        before.state = VersionState.REPLACED
    uow.session.flush()  # there is one active version at most, at every moment
    _decide(uow, actor, row, VersionState.ACTIVE)
    _record(uow, actor, "activate", row, decision)
    uow.emit(PolicyActivated(hash=row.hash))
    return versions.snapshot(row)


def reject(uow: Uow, actor: Actor, version_id: str, *, reason: str) -> VersionSnapshot:
    """A proposal comes to nothing; its proposer may take it back so too.

    Raises PolicyRefused, VersionNotFound, VersionDecided.
    """
    row, decision = _for_decision(uow, actor, version_id, "reject")
    _decide(uow, actor, row, VersionState.REJECTED)
    _record(uow, actor, "reject", row, decision, {"reason": reason})
    return versions.snapshot(row)


def _in_force(uow: Uow, *, lock: bool = False) -> Policy:
    statement = select(PolicyVersion).where(PolicyVersion.state == VersionState.ACTIVE)
    row = uow.session.execute(statement.with_for_update() if lock else statement).scalar_one_or_none()
    return shipped() if row is None else versions.usable(uow, row.hash)


def _checked(document: Mapping[str, Any], base: Policy) -> Policy:
    try:
        bounds.check(document)
        made = parse(document)
        listing_predicate(ANONYMOUS, policy=made)  # lists and search could not be asked any more
    except (PolicyInvalid, ValueError) as error:
        raise PolicyDocumentInvalid(str(error), field="document") from None
    if made.hash == base.hash:
        raise PolicyUnchanged(field="document")
    if made.version <= base.version:
        raise PolicyDocumentInvalid("Its version must be higher than that of the rules in force.", field="version")
    if not _two_officers_could_change(made):
        raise PolicyLocksOut(field="document")
    return made


def _two_officers_could_change(made: Policy) -> bool:
    """Whether an officer may still propose, and another, not the same one, activate."""
    officer = actor_facts(next(each for each in PERSONAS if each.name == "officer"))
    by_other, by_self = ({"resource.proposed_by": who} | officer for who in ("acc_other", "acc_self"))
    return (
        permits("policy:see", officer, None, made)
        and permits("policy:propose", officer, None, made)
        and permits("policy:activate", by_other, None, made)
        and not permits("policy:activate", by_self, None, made)
    )


def _for_decision(uow: Uow, actor: Actor, version_id: str, verb: str) -> tuple[PolicyVersion, Decision]:
    require(actor, "policy:propose", Resource("policy", version_id))  # others do not learn which versions there are
    row = queries.load(uow, version_id, lock=True)
    decision = require(actor, f"policy:{verb}", Resource("policy", row.id, {"proposed_by": row.proposed_by}))
    if row.state != VersionState.PROPOSED:
        raise VersionDecided(state=row.state)
    return row, decision


def _decide(uow: Uow, actor: Actor, row: PolicyVersion, state: VersionState) -> None:
    row.state, row.decided_by, row.decided_at = state, actor.account_id, uow.now()
    uow.session.flush()


def _record(
    uow: Uow, actor: Actor, verb: str, row: PolicyVersion, decision: Decision, data: dict[str, str] | None = None
) -> None:
    record(
        uow, actor, action=f"policy:{verb}", object_id=row.id, decision=decision,
        data={"hash": row.hash, "base": row.base_hash, "version": str(versions.number_of(row))}
        | (data or {}),
    )  # fmt: skip
