"""HTTP routes of listings."""

from __future__ import annotations

from typing import Any

from catalog.listings import inviting, queries, service
from catalog.listings.oversight import service as oversight
from catalog.listings.schemas import (
    InvitationIn,
    InviteeOut,
    ListingFields,
    ListingIn,
    ListingOut,
    ListingPageOut,
    ListingsQuery,
    LowerTierIn,
    OfferIn,
    RevisionIn,
    RevisionOut,
    SampleOut,
    SuspensionIn,
    TierIn,
    UninvitationIn,
)
from compliance.policy import abilities
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields, PageQuery

api = http.Api("listings")


@api.get("/listings", query=ListingsQuery, answer=ListingPageOut, who=http.ANYONE, summary="What is on sale")
def listed(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.listed(uow, actor, **query)


@api.get("/my/listings", query=PageQuery, answer=ListingPageOut, summary="Your organisation's listings")
def mine(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.mine(uow, actor, **query)


@api.post("/listings", body=ListingIn, answer=ListingOut, status=201, idempotent=True, summary="Begin a draft")
def create(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.create(uow, actor, fields=body)


@api.get("/listings/<listing_id>", answer=ListingOut, who=http.ANYONE, summary="One listing")
def show(uow: Uow, actor: Actor, listing_id: str) -> Any:
    return queries.get(uow, actor, listing_id)


@api.get("/listings/<listing_id>/abilities", who=http.ANYONE, summary="What you may do with it, and why")
def what_one_may_do(uow: Uow, actor: Actor, listing_id: str) -> Any:
    resource = queries.resource_of(uow.house, queries.get(uow, actor, listing_id))
    return {action: decision.as_dict() for action, decision in abilities(actor, resource)}


@api.get("/listings/<listing_id>/revisions", who=http.ANYONE, summary="Its revisions, newest first")
def revisions(uow: Uow, actor: Actor, listing_id: str) -> Any:
    return {"items": RevisionOut(many=True).dump(queries.revisions(uow, actor, listing_id))}


@api.get("/listings/<listing_id>/sample", answer=SampleOut, who=http.ANYONE, summary="The sample its tier allows")
def sample(uow: Uow, actor: Actor, listing_id: str) -> Any:
    return queries.sample(uow, actor, listing_id)


@api.patch("/listings/<listing_id>", body=ListingFields, answer=ListingOut, if_match=True, summary="Edit the texts")
def edit(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any], if_match: int) -> Any:
    return service.edit(uow, actor, listing_id, if_match, body)


@api.post(
    "/listings/<listing_id>/revisions", body=RevisionIn, answer=ListingOut, status=201, idempotent=True,
    summary="Make a revision of uploaded files, or of an interface",
)  # fmt: skip
def add_revision(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return service.add_revision(uow, actor, listing_id, **body)


@api.post("/listings/<listing_id>/offer", body=OfferIn, answer=ListingOut, idempotent=True, summary="Set the offer")
def set_offer(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return service.set_offer(uow, actor, listing_id, **body)


@api.post("/listings/<listing_id>/submit", body=NoFields, answer=ListingOut, idempotent=True, summary="Hand in")
def submit(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return service.submit(uow, actor, listing_id)


@api.post("/listings/<listing_id>/withdraw", body=NoFields, answer=ListingOut, idempotent=True, summary="Withdraw")
def withdraw(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return service.withdraw(uow, actor, listing_id)


@api.post("/listings/<listing_id>/tier", body=TierIn, answer=ListingOut, idempotent=True, summary="Raise the tier")
def raise_tier(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return service.raise_tier(uow, actor, listing_id, **body)


@api.post(
    "/listings/<listing_id>/suspend", body=SuspensionIn, answer=ListingOut, idempotent=True,
    summary="Take a listing off sale, for compliance officers",
)  # fmt: skip
def suspend(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return service.suspend(uow, actor, listing_id, **body)


@api.post(
    "/listings/<listing_id>/reinstate", body=SuspensionIn, answer=ListingOut, idempotent=True,
    summary="Let what was stopped be reviewed anew, for compliance officers",
)  # fmt: skip
def reinstate(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return oversight.reinstate(uow, actor, listing_id, **body)


@api.post(
    "/listings/<listing_id>/lower-tier", body=LowerTierIn, answer=ListingOut, idempotent=True,
    summary="Lower the tier of what is being reviewed, for reviewers",
)  # fmt: skip
def lower_tier(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return oversight.lower_tier(uow, actor, listing_id, **body)


@api.get("/listings/<listing_id>/invitations", summary="Which organisations are invited to see your listing")
def invitations(uow: Uow, actor: Actor, listing_id: str) -> Any:
    return _invited(inviting.invitees(uow, actor, listing_id))


@api.post("/listings/<listing_id>/invitations", body=InvitationIn, status=201, summary="Invite an organisation to it")
def invite(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return _invited(inviting.invite(uow, actor, listing_id, **body))


@api.post("/listings/<listing_id>/invitations/end", body=UninvitationIn, summary="End an invitation now")
def uninvite(uow: Uow, actor: Actor, listing_id: str, body: dict[str, Any]) -> Any:
    return _invited(inviting.uninvite(uow, actor, listing_id, **body))


def _invited(found: Any) -> dict[str, Any]:
    return {"items": InviteeOut(many=True).dump(found)}
