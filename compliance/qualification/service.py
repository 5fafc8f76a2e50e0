"""What happens to a qualification: handed in, returned with a reason, approved with a level and an expiry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from compliance.audit.service import record
from compliance.documents import queries as documents
from compliance.identity import queries as identity
from compliance.identity import standing
from compliance.identity.service import set_qualification
from compliance.identity.types import OrganisationSnapshot, QualificationState
from compliance.policy import require
from compliance.qualification import levels, queries
from compliance.qualification.errors import (
    DocumentKindUnknown,
    DocumentsMissing,
    LevelNotAskedFor,
    QualificationStateConflict,
    StatementMissing,
)
from compliance.qualification.models import QualificationAim, QualificationDocument
from compliance.qualification.rules import follow
from compliance.qualification.types import Proof, ProofSnapshot, QualificationSnapshot
from compliance.recognisers import valid_credit_code
from core.actor import Actor
from core.db import Uow
from core.problems import Bilingual, Conflict, Sentence

_DAYS_A_MONTH = 30
_OF_THE_OWNER = "authorisation"
_OWNER_CHANGED = "负责人已变更，请重新提交 / The owner has changed; hand it in again"
_WITH_THE_OFFICER = (QualificationState.SUBMITTED, QualificationState.SUSPENDED)


def attach(
    uow: Uow, actor: Actor, kind: str, *, document_id: str, valid_until: datetime | None = None
) -> QualificationSnapshot:
    """Hand in a document of one kind, in the place of an earlier one; not while an officer looks at them.

    Raises PolicyRefused, DocumentKindUnknown, DocumentNotFound, QualificationStateConflict, DocumentsMissing for one
    that has expired already.
    """
    organisation_id = actor.organisation_id or ""
    decision = require(actor, "qualification:submit", queries.resource(organisation_id))
    if levels.kind(kind) is None:
        raise DocumentKindUnknown()
    state = _state_held(uow, organisation_id)
    if state in _WITH_THE_OFFICER:
        raise QualificationStateConflict(Sentence("It is %(state)s.", state=state), state=state)
    if valid_until is not None and valid_until <= uow.now():
        raise DocumentsMissing("The document has expired.", field="valid_until")
    (document,) = documents.own(uow, actor, [document_id])
    row = uow.session.get(QualificationDocument, (organisation_id, kind))
    if row is None:
        row = QualificationDocument(organisation_id=organisation_id, kind=kind)
        uow.session.add(row)
    row.document_id, row.state, row.note = document.id, Proof.HANDED_IN, ""
    row.valid_until, row.handed_in_at = valid_until, uow.now()
    uow.session.flush()
    record(
        uow, actor, action="qualification:attach", object_id=organisation_id, decision=decision,
        data={"kind": kind, "document": document.id, "sha256": document.sha256}, concerns=[organisation_id],
    )  # fmt: skip
    return queries.own(uow, actor)


def submit(
    uow: Uow, actor: Actor, *, statement: str, level: int = queries.LOWEST,
    documents: Mapping[str, str] | None = None,
) -> OrganisationSnapshot:  # fmt: skip
    """An owner hands in the own organisation for a level; ``documents`` are attached first, by their kinds.

    The checksum and the uniqueness of its code are checked again. Raises PolicyRefused,
    QualificationStateConflict, StatementMissing, and DocumentsMissing naming every document that the level lacks.
    """
    organisation_id = actor.organisation_id or ""
    decision = require(actor, "qualification:submit", queries.resource(organisation_id))
    state = follow(_state_held(uow, organisation_id), "submit")
    organisation = identity.organisation(uow, organisation_id)
    if not statement.strip():
        raise StatementMissing("Say what the organisation does and what proves it.", field="statement")
    if organisation.credit_code and not valid_credit_code(organisation.credit_code):
        raise Conflict("The credit code does not pass its checksum.")
    for kind, document_id in (documents or {}).items():
        attach(uow, actor, kind, document_id=document_id)
    _check_complete(queries.missing(uow, organisation_id, level), level)
    _aim_at(uow, organisation_id, level, statement)
    made = set_qualification(uow, organisation_id, state=state, reason=statement)
    record(
        uow, actor, action="qualification:submit", object_id=organisation_id, object_version=made.version,
        decision=decision, data={"credit_code": made.credit_code or "", "level": str(level)},
        concerns=[organisation_id],
    )  # fmt: skip
    return made


def _check_complete(missing: Sequence[ProofSnapshot], level: int) -> None:
    if missing:
        raise DocumentsMissing(
            lacking(missing, level), field="documents", level=level,
            documents_missing=[{"kind": each.kind, "zh": each.zh, "en": each.en} for each in missing],
        )  # fmt: skip


def lacking(missing: Sequence[ProofSnapshot], level: int) -> Bilingual:
    """What is missing for a level, as a sentence in both languages."""
    return Bilingual(
        zh=f"{level} 级资质还缺：{'、'.join(each.zh for each in missing)}。",
        en=f"Level {level} still lacks: {', '.join(each.en for each in missing)}.",
    )


def _aim_at(uow: Uow, organisation_id: str, level: int, statement: str) -> None:
    aim = uow.session.get(QualificationAim, organisation_id)
    if aim is None:
        aim = QualificationAim(organisation_id=organisation_id)
        uow.session.add(aim)
    aim.level, aim.statement, aim.handed_in_at = level, statement, uow.now()
    uow.session.flush()


def return_with_reason(
    uow: Uow, actor: Actor, organisation_id: str, *, reason: str, documents: Mapping[str, str] | None = None
) -> OrganisationSnapshot:
    """Back to the organisation, to be mended; ``documents`` says by kind what is wrong with which.

    Raises PolicyRefused, OrganisationNotFound, QualificationStateConflict, DocumentKindUnknown.
    """
    made = _decide(uow, actor, organisation_id, "return", reason=reason)
    for kind, note in (documents or {}).items():
        row = uow.session.get(QualificationDocument, (organisation_id, kind))
        if row is None:
            raise DocumentKindUnknown(Sentence("Nothing was handed in as %(kind)s.", kind=kind), field="documents")
        row.state, row.note = Proof.REJECTED, note
    uow.session.flush()
    return made


def approve(uow: Uow, actor: Actor, organisation_id: str, *, level: int, months: int) -> OrganisationSnapshot:
    """Approved with a level, for so many months of 30 days, at most twelve, and not longer than its documents hold.

    Raises PolicyRefused, OrganisationNotFound, QualificationStateConflict, LevelNotAskedFor, DocumentsMissing.
    """
    require(actor, "qualification:decide", queries.resource(organisation_id))
    follow(_state_held(uow, organisation_id), "approve")
    aim = uow.session.get(QualificationAim, organisation_id)
    if aim is not None and level > aim.level:
        raise LevelNotAskedFor(Sentence("It asked for level %(level)s.", level=aim.level), field="level")
    proofs = queries.proofs(uow, organisation_id, level)
    _check_complete([each for each in proofs if each.lacking], level)
    until = uow.now() + timedelta(days=_DAYS_A_MONTH * months)
    until = min([until, *(each.valid_until for each in proofs if each.valid_until)])
    for each in proofs:
        row = uow.session.get_one(QualificationDocument, (organisation_id, each.kind))
        row.state, row.note = Proof.ACCEPTED, ""
    return _decide(uow, actor, organisation_id, "approve", level=level, until=until)


def suspend(uow: Uow, actor: Actor, organisation_id: str, *, reason: str) -> OrganisationSnapshot:
    """Its programs' calls stop, it makes no credentials, and it counts as merely registered."""
    return _decide(uow, actor, organisation_id, "suspend", reason=reason)


def reinstate(uow: Uow, actor: Actor, organisation_id: str, *, reason: str) -> OrganisationSnapshot:
    """It acts again with the level that it had, and waits to be decided on anew."""
    return _decide(uow, actor, organisation_id, "reinstate", reason=reason)


def ask_again(uow: Uow, organisation_id: str) -> None:
    """Another person owns the organisation: who acts for it has to be authorised anew."""
    row = uow.session.get(QualificationDocument, (organisation_id, _OF_THE_OWNER))
    if row is not None:
        row.state, row.note = Proof.REJECTED, _OWNER_CHANGED
        uow.session.flush()


def _state_held(uow: Uow, organisation_id: str) -> str:
    """The state from which a step is taken: nobody takes another before this unit ends. Raises OrganisationNotFound."""
    state = standing.state_held(uow, organisation_id)
    return state if state is not None else identity.organisation(uow, organisation_id).state


def _decide(
    uow: Uow, actor: Actor, organisation_id: str, step: str, *, reason: str = "", level: int | None = None,
    until: datetime | None = None,
) -> OrganisationSnapshot:  # fmt: skip
    decision = require(actor, "qualification:decide", queries.resource(organisation_id))
    state = follow(_state_held(uow, organisation_id), step)
    made = set_qualification(uow, organisation_id, state=state, level=level, until=until, reason=reason)
    data = {"state": state} | ({"level": str(level), "until": str(until)} if level is not None else {})
    record(
        uow, actor, action=f"qualification:{step}", object_id=organisation_id, object_version=made.version,
        decision=decision, data=data, concerns=[organisation_id],
    )  # fmt: skip
    return made
