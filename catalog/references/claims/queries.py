"""Reads of claims: a supplier sees its own, the people who judge see all."""

from __future__ import annotations

from sqlalchemy import select

from catalog.references.claims.errors import ClaimNotFound
from catalog.references.claims.models import Claim
from catalog.references.claims.types import ClaimSnapshot
from compliance.policy import Resource, decide
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first


def resource_of(claim: Claim | ClaimSnapshot) -> Resource:
    return Resource("claim", claim.id, {"owner": claim.organisation_id, "state": str(claim.state)})


def load(uow: Uow, actor: Actor, claim_id: str) -> Claim:
    """Raises ClaimNotFound, also for one that the actor may not see."""
    statement = select(Claim).where(Claim.id == claim_id)
    if uow.writes:
        statement = statement.with_for_update(of=Claim)
    row = uow.session.execute(statement).scalar_one_or_none()
    if row is None or not decide(actor, "claim:see", resource_of(row)).permitted:
        raise ClaimNotFound()
    return row


def get(uow: Uow, actor: Actor, claim_id: str) -> ClaimSnapshot:
    """Raises ClaimNotFound."""
    return load(uow, actor, claim_id).snapshot()


def claims(
    uow: Uow, actor: Actor, *, state: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[ClaimSnapshot]:
    """Those that the actor may see, newest first."""
    statement = select(Claim)
    if not actor.platform("reviewer", "officer"):
        own = actor.organisation_id if actor.has("supplier") else None
        statement = statement.where(Claim.organisation_id == (own or ""))
    if state:
        statement = statement.where(Claim.state == state)
    page = newest_first(uow, statement, key=Claim.id, purpose="claims", cursor=cursor, limit=limit)
    return convert(page, Claim.snapshot)


def own_of(uow: Uow, actor: Actor, reference_id: str) -> ClaimSnapshot | None:
    """The own organisation's newest claim to a reference."""
    statement = (
        select(Claim)
        .where(Claim.reference_id == reference_id, Claim.organisation_id == (actor.organisation_id or ""))
        .order_by(Claim.id.desc())
        .limit(1)
    )
    row = uow.session.execute(statement).scalar_one_or_none()
    return row.snapshot() if row and decide(actor, "claim:see", resource_of(row)).permitted else None
