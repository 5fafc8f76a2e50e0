"""Reads of qualifications: an organisation reads its own, officers all."""

from __future__ import annotations

from sqlalchemy import select

from compliance.documents import queries as documents
from compliance.identity import queries as identity
from compliance.identity.types import OrganisationSnapshot
from compliance.policy import Resource, require
from compliance.qualification.levels import needed
from compliance.qualification.models import QualificationAim, QualificationDocument
from compliance.qualification.types import DocumentKind, Proof, ProofSnapshot, QualificationSnapshot
from core.actor import Actor
from core.db import Uow
from core.problems import NotFound

LOWEST = 2


def resource(organisation_id: str) -> Resource:
    return Resource("organisation", organisation_id, {"owner": organisation_id})


def own(uow: Uow, actor: Actor, *, level: int | None = None) -> QualificationSnapshot:
    """The own organisation's, with what ``level`` is proven by (left out: the level aimed at, or the next one)."""
    if actor.organisation_id is None:
        raise NotFound("You act for no organisation.")
    return _snapshot(uow, identity.organisation(uow, actor.organisation_id), level)


def of(uow: Uow, actor: Actor, organisation_id: str) -> QualificationSnapshot:
    """For officers. Raises PolicyRefused, OrganisationNotFound."""
    require(actor, "qualification:see", resource(organisation_id))
    return _snapshot(uow, identity.organisation(uow, organisation_id), None)


def waiting(uow: Uow, actor: Actor, state: str) -> list[OrganisationSnapshot]:
    """Organisations in a state, the oldest first. Raises PolicyRefused."""
    require(actor, "qualification:see", Resource("organisation", "all"))
    return identity.organisations_in_state(uow, state)


def missing(uow: Uow, organisation_id: str, level: int) -> tuple[ProofSnapshot, ...]:
    """What has to be handed in before that level can be asked for. Asks no policy: for those who explain a refusal."""
    return tuple(each for each in proofs(uow, organisation_id, level) if each.lacking)


def proofs(uow: Uow, organisation_id: str, level: int) -> tuple[ProofSnapshot, ...]:
    """How each document of a level stands."""
    statement = select(QualificationDocument).where(QualificationDocument.organisation_id == organisation_id)
    rows = {row.kind: row for row in uow.session.execute(statement).scalars()}
    return tuple(_proof(uow, kind, rows.get(kind.name)) for kind in needed(level))


def _snapshot(uow: Uow, organisation: OrganisationSnapshot, level: int | None) -> QualificationSnapshot:
    aim = uow.session.get(QualificationAim, organisation.id)
    aimed = level or _aim(organisation, aim)
    return QualificationSnapshot(
        organisation.id, organisation.state, organisation.level, organisation.qualified_until, organisation.reason,
        aimed, aim.statement if aim else "", proofs(uow, organisation.id, aimed),
    )  # fmt: skip


def _aim(organisation: OrganisationSnapshot, aim: QualificationAim | None) -> int:
    return aim.level if aim else max(LOWEST, organisation.level)


def _proof(uow: Uow, kind: DocumentKind, row: QualificationDocument | None) -> ProofSnapshot:
    if row is None:
        return ProofSnapshot(kind.name, kind.zh, kind.en, Proof.MISSING)
    over = row.valid_until is not None and row.valid_until <= uow.now()
    document = documents.many(uow, [row.document_id])[row.document_id]
    return ProofSnapshot(
        kind.name, kind.zh, kind.en, Proof.EXPIRED if over else row.state, row.document_id, document.name,
        document.size, row.valid_until, row.note,
    )  # fmt: skip
