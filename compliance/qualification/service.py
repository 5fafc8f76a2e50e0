"""What happens to a qualification: handed in, returned with a reason, approved with a level and an expiry."""

from __future__ import annotations

from datetime import timedelta

from compliance.audit.service import record
from compliance.identity import queries as identity
from compliance.identity.service import set_qualification
from compliance.identity.types import OrganisationSnapshot
from compliance.policy import Resource, require
from compliance.qualification.errors import StatementMissing
from compliance.qualification.rules import follow
from compliance.recognisers import valid_credit_code
from core.actor import Actor
from core.db import Uow
from core.problems import Conflict

_DAYS_A_MONTH = 30


def submit(uow: Uow, actor: Actor, *, statement: str) -> OrganisationSnapshot:
    """An owner hands in the own organisation; the checksum and the uniqueness of its code are checked again.

    Raises PolicyRefused, QualificationStateConflict, StatementMissing.
    """
    organisation_id = actor.organisation_id or ""
    decision = require(
        actor, "qualification:submit", Resource("organisation", organisation_id, {"owner": organisation_id})
    )
    organisation = identity.organisation(uow, organisation_id)
    state = follow(organisation.state, "submit")
    if not statement.strip():
        raise StatementMissing("Say what the organisation does and what proves it.", field="statement")
    if organisation.credit_code and not valid_credit_code(organisation.credit_code):
        raise Conflict("The credit code does not pass its checksum.")
    made = set_qualification(uow, organisation_id, state=state, reason=statement)
    record(
        uow, actor, action="qualification:submit", object_id=organisation_id, object_version=made.version,
        decision=decision, data={"credit_code": made.credit_code}, concerns=[organisation_id],
    )  # fmt: skip
    return made


def return_with_reason(uow: Uow, actor: Actor, organisation_id: str, *, reason: str) -> OrganisationSnapshot:
    """Back to the organisation, to be mended.

    Raises PolicyRefused, OrganisationNotFound, QualificationStateConflict.
    """
    return _decide(uow, actor, organisation_id, "return", reason=reason)


def approve(uow: Uow, actor: Actor, organisation_id: str, *, level: int, months: int) -> OrganisationSnapshot:
    """Approved with a level, for so many months of 30 days, at most twelve."""
    return _decide(uow, actor, organisation_id, "approve", level=level, months=months)


def suspend(uow: Uow, actor: Actor, organisation_id: str, *, reason: str) -> OrganisationSnapshot:
    """Its programs' calls stop, it makes no credentials, and it counts as merely registered."""
    return _decide(uow, actor, organisation_id, "suspend", reason=reason)


def reinstate(uow: Uow, actor: Actor, organisation_id: str, *, reason: str) -> OrganisationSnapshot:
    """It acts again with the level that it had, and waits to be decided on anew."""
    return _decide(uow, actor, organisation_id, "reinstate", reason=reason)


def _decide(
    uow: Uow, actor: Actor, organisation_id: str, step: str, *, reason: str = "", level: int | None = None,
    months: int = 0,
) -> OrganisationSnapshot:  # fmt: skip
    decision = require(
        actor, "qualification:decide", Resource("organisation", organisation_id, {"owner": organisation_id})
    )
    organisation = identity.organisation(uow, organisation_id)
    state = follow(organisation.state, step)
    until = uow.now() + timedelta(days=_DAYS_A_MONTH * months) if months else None
    made = set_qualification(uow, organisation_id, state=state, level=level, until=until, reason=reason)
    data = {"state": state} | ({"level": str(level), "until": str(until)} if level is not None else {})
    record(
        uow, actor, action=f"qualification:{step}", object_id=organisation_id, object_version=made.version,
        decision=decision, data=data, concerns=[organisation_id],
    )  # fmt: skip
    return made
