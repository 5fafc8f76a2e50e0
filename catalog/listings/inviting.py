"""Whom a supplier invites to a listing that is for named invitees only, and whose invitation ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from catalog.listings import queries
from compliance.audit.service import record
from compliance.identity import queries as identity
from compliance.identity.types import OrganisationSnapshot
from compliance.policy import Decision, relations, require
from compliance.policy.relations import RelationKind
from core.actor import Actor
from core.db import Uow


def invite(
    uow: Uow, actor: Actor, listing_id: str, *, organisation_id: str, until: datetime | None = None
) -> Sequence[OrganisationSnapshot]:
    """From now on that organisation may see the listing as an invitee; answers who all is invited.

    Raises ListingNotFound, PolicyRefused, OrganisationNotFound.
    """
    decision = _permitted(uow, actor, listing_id)
    identity.organisation(uow, organisation_id)
    relations.grant(uow, RelationKind.INVITED, organisation_id, listing_id, until)
    _record(uow, actor, "invite", listing_id, organisation_id, decision)
    return invitees(uow, actor, listing_id)


def uninvite(uow: Uow, actor: Actor, listing_id: str, *, organisation_id: str) -> Sequence[OrganisationSnapshot]:
    """The invitation ends at once; rights that were sold stay in force. Raises ListingNotFound, PolicyRefused."""
    decision = _permitted(uow, actor, listing_id)
    if relations.revoke(uow, RelationKind.INVITED, organisation_id, listing_id):
        _record(uow, actor, "uninvite", listing_id, organisation_id, decision)
    return invitees(uow, actor, listing_id)


def invitees(uow: Uow, actor: Actor, listing_id: str) -> Sequence[OrganisationSnapshot]:
    """Who is invited at this moment. Raises ListingNotFound, PolicyRefused: only the supplier knows."""
    _permitted(uow, actor, listing_id)
    found = relations.among(uow, RelationKind.INVITED, [listing_id])
    known = identity.organisations(uow, [organisation_id for organisation_id, _ in found])
    return [known[each] for each in sorted(known)]


def _permitted(uow: Uow, actor: Actor, listing_id: str) -> Decision:
    return require(actor, "listing:invite", queries.resource_of(uow.house, queries.load(uow, actor, listing_id)))


def _record(uow: Uow, actor: Actor, verb: str, listing_id: str, organisation_id: str, decision: Decision) -> None:
    record(
        uow, actor, action=f"listing:{verb}", object_id=listing_id, decision=decision,
        data={"organisation": organisation_id}, concerns=[actor.organisation_id or "", organisation_id],
    )  # fmt: skip
