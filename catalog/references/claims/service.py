"""Claiming a reference, and deciding on claims."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from catalog.listings import service as listings
from catalog.listings.types import ListingKind, Scene
from catalog.references import queries as references
from catalog.references.claims import queries, rules
from catalog.references.claims.errors import ClaimClosed, ClaimedAlready
from catalog.references.claims.events import ClaimDecided, ClaimMade
from catalog.references.claims.models import Claim
from catalog.references.claims.types import ClaimSnapshot, ClaimState
from catalog.references.events import ReferencesChanged, ReferencesNarrowed
from catalog.references.models import Reference
from compliance.audit.service import record
from compliance.documents import queries as documents
from compliance.identity import queries as identity
from compliance.policy import Decision, Resource, require
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.problems import Sentence

_ANOTHER = "Another organisation's claim to it was approved."


def claim(
    uow: Uow, actor: Actor, reference_id: str, *, statement: str, document_ids: Sequence[str] = ()
) -> ClaimSnapshot:
    """Say that a reference is the own organisation's, with what proves it; how names and codes agree is noted.

    Raises PolicyRefused, ReferenceNotFound, DocumentNotFound, ClaimedAlready.
    """
    own = actor.organisation_id or ""
    decision = require(actor, "claim:create", Resource("claim", "new", {"owner": own}))
    reference = references.get(uow, actor, reference_id)
    if reference.claimed or _open_of(uow, reference_id, own):
        raise ClaimedAlready(
            "Its supplier has been found." if reference.claimed else "Your organisation's claim waits for an officer."
        )
    organisation = identity.organisation(uow, own)
    texts = [*reference.description.values(), *reference.summary.values()]
    agreed = rules.match(
        (organisation.name, organisation.name_en), organisation.credit_code or "", reference.supplier, texts
    )
    row = Claim(
        id=new_id("clm"), reference_id=reference_id, organisation_id=own, statement=statement,
        documents=[each.id for each in documents.own(uow, actor, document_ids)], match=agreed, state=ClaimState.OPEN,
        created_at=uow.now(), version=1,
    )  # fmt: skip
    uow.session.add(row)
    uow.session.flush()
    _record(uow, actor, "claim:create", row, decision, {"reference": reference_id, "match": agreed})
    uow.emit(ClaimMade(claim_id=row.id, organisation_id=own))
    return row.snapshot()


def withdraw(uow: Uow, actor: Actor, claim_id: str) -> ClaimSnapshot:
    """The claimant takes it back. Raises ClaimNotFound, PolicyRefused, ClaimClosed."""
    row, decision = _open(uow, actor, claim_id, "claim:withdraw")
    row.close(ClaimState.WITHDRAWN, uow.now())
    _record(uow, actor, "claim:withdraw", row, decision, {"reference": row.reference_id})
    return row.snapshot()


def reject(uow: Uow, actor: Actor, claim_id: str, *, reason: str) -> ClaimSnapshot:
    """An officer says no, with a reason. Raises ClaimNotFound, PolicyRefused, ClaimClosed."""
    row, decision = _open(uow, actor, claim_id, "claim:decide")
    _reject(uow, actor, row, decision, reason)
    return row.snapshot()


def approve(uow: Uow, actor: Actor, claim_id: str) -> ClaimSnapshot:
    """An officer says yes: the claimant gets a draft with the reference's texts, other claims to it end.

    The reference stays findable, marked as claimed, until the listing is on sale. Raises ClaimNotFound,
    PolicyRefused, ClaimClosed, ClaimedAlready.
    """
    row, decision = _open(uow, actor, claim_id, "claim:decide")
    reference = uow.session.get_one(Reference, row.reference_id, with_for_update=True)
    if reference.listing_id is not None:
        raise ClaimedAlready("Its supplier has been found.")
    made = listings.begin_for(uow, actor, row.organisation_id, fields=_texts(reference), because=row.id)
    row.listing_id = reference.listing_id = made.id
    reference.version += 1
    row.close(ClaimState.APPROVED, uow.now())
    _record(uow, actor, "claim:approve", row, decision, {"reference": row.reference_id, "listing": made.id})
    for other in _others(uow, row):
        _reject(uow, actor, other, decision, _ANOTHER)
    uow.emit(ReferencesChanged((reference.id,)))
    uow.emit(ClaimDecided(claim_id=row.id, organisation_id=row.organisation_id, state=row.state))
    return row.snapshot()


def replace(uow: Uow, listing_id: str) -> None:
    """A listing came on sale: the reference that it was made of is no longer found beside it."""
    statement = select(Reference).where(Reference.listing_id == listing_id, Reference.replaced_at.is_(None))
    reference = uow.session.execute(statement).scalar_one_or_none()
    if reference is None:
        return
    found = reference.findable
    reference.replaced_at = uow.now()
    uow.session.flush()
    if found:
        uow.emit(ReferencesNarrowed((reference.id,)))


def _texts(reference: Reference) -> dict[str, object]:
    scene = reference.scene if reference.scene in set(Scene) else Scene.OTHER
    kind = reference.kind if reference.kind in set(ListingKind) else ListingKind.DATASET
    texts = {name: getattr(reference, name) for name in ("title", "summary", "description")}
    return texts | {"scene": scene, "kind": kind, "tags": [tag[:40] for tag in reference.tags[:30]]}


def _open_of(uow: Uow, reference_id: str, organisation_id: str) -> bool:
    statement = select(Claim.id).where(
        Claim.reference_id == reference_id, Claim.organisation_id == organisation_id, Claim.state == ClaimState.OPEN
    )
    return uow.session.execute(statement).first() is not None


def _others(uow: Uow, row: Claim) -> list[Claim]:
    statement = select(Claim).where(
        Claim.reference_id == row.reference_id, Claim.state == ClaimState.OPEN, Claim.id != row.id
    )
    return list(uow.session.execute(statement).scalars())


def _open(uow: Uow, actor: Actor, claim_id: str, action: str) -> tuple[Claim, Decision]:
    row = queries.load(uow, actor, claim_id)
    decision = require(actor, action, queries.resource_of(row))
    if row.state != ClaimState.OPEN:
        raise ClaimClosed(Sentence("It was %(state)s.", state=row.state), state=row.state)
    return row, decision


def _reject(uow: Uow, actor: Actor, row: Claim, decision: Decision, reason: str) -> None:
    row.close(ClaimState.REJECTED, uow.now(), reason)
    _record(uow, actor, "claim:reject", row, decision, {"reference": row.reference_id})
    uow.emit(ClaimDecided(claim_id=row.id, organisation_id=row.organisation_id, state=row.state))


def _record(uow: Uow, actor: Actor, action: str, row: Claim, decision: Decision, data: dict[str, str]) -> None:
    uow.session.flush()
    record(
        uow, actor, action=action, object_id=row.id, object_version=row.version, decision=decision, data=data,
        concerns=[row.organisation_id],
    )  # fmt: skip
