"""HTTP routes of memberships: roles, invitations, resets, ownership, service accounts, leaving for good.

What answers with a token or takes one keeps no answer for an idempotency key.
"""

from __future__ import annotations

from typing import Any

import flask

from compliance.identity import forgetting, invitations, members, ownership, queries, resets, signers
from compliance.identity.member_schemas import (
    AcceptIn,
    ForgetIn,
    ForgottenOut,
    InvitationOut,
    InviteIn,
    OwnershipIn,
    ResetAskIn,
    ResetIn,
    RolesIn,
    SecondFactorIn,
    ServiceAccountIn,
    SignersOut,
    TokenIn,
    TransferOut,
)
from compliance.identity.rules import check_password, hash_password
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields
from core.house import House
from core.speech import language

api = http.Api("members")


@api.put("/members/<account_id>/roles", body=RolesIn, status=204, summary="Give a member other roles")
def set_roles(uow: Uow, actor: Actor, account_id: str, body: dict[str, Any]) -> None:
    members.set_roles(uow, actor, account_id, body["roles"])


@api.delete("/members/<account_id>", summary="Remove a member: sessions end, credentials of its making stop")
def remove(uow: Uow, actor: Actor, account_id: str) -> None:
    members.remove(uow, actor, account_id)


@api.post("/service-accounts", body=ServiceAccountIn, status=201, summary="An account for a program: keys only")
def create_service_account(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return {"id": members.create_service_account(uow, actor, **body)}


@api.get("/invitations", summary="Your organisation's invitations that wait")
def list_invitations(uow: Uow, actor: Actor) -> Any:
    return {"items": InvitationOut(many=True).dump(invitations.pending(uow, actor))}


@api.post("/invitations", body=InviteIn, answer=InvitationOut, status=201, summary="Invite somebody by mail")
def invite(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return invitations.invite(uow, actor, **body)


@api.delete("/invitations/<invitation_id>", summary="Take an invitation back")
def take_back(uow: Uow, actor: Actor, invitation_id: str) -> None:
    invitations.take_back(uow, actor, invitation_id)


@api.post("/invitations/look-up", body=TokenIn, who=http.ANYONE, summary="What an invitation's link is for")
def look_up(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    found = invitations.of_token(uow, body["token"])
    name = queries.organisation(uow, found.organisation_id).name
    return InvitationOut().dump(found) | {"organisation_name": name}


def _hashed(body: dict[str, Any], email: str) -> dict[str, Any]:
    """Hashing is dear: only for whom a link was given."""
    check_password(body["password"], email)
    hashed = hash_password(body.pop("password"))
    return body | {"password_hash": hashed}


def _prepare_member(house: House, body: dict[str, Any]) -> dict[str, Any]:
    return _hashed(body, house.db.read(lambda uow: invitations.of_token(uow, body["token"])).email)


def _prepare_reset(house: House, body: dict[str, Any]) -> dict[str, Any]:
    return _hashed(
        body, house.db.read(lambda uow: queries.address_of(uow, resets.account_of(uow, body["token"]).id)) or ""
    )


@api.post(
    "/invitations/accept", body=AcceptIn, who=http.ANYONE, status=201, prepare=_prepare_member,
    summary="Become a member by an invitation's link",
)  # fmt: skip
def accept(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return {"id": invitations.accept(uow, **body | {"language": body["language"] or language()})}


@api.raw("POST", "/password-resets", body=ResetAskIn, who=http.ANYONE, status=202, summary="Ask for a reset by mail")
def ask_reset(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    resets.ask(house, email=http.read_body(ResetAskIn)["email"], peer=request.remote_addr or "")
    return http.respond(202, {})


@api.post(
    "/password-resets/confirm", body=ResetIn, who=http.ANYONE, status=204, prepare=_prepare_reset,
    summary="Choose a new password by the link of a reset",
)  # fmt: skip
def confirm_reset(uow: Uow, actor: Actor, body: dict[str, Any]) -> None:
    resets.confirm(uow, **body)


@api.get("/ownership", summary="The ownership that was offered by you or to you")
def show_transfer(uow: Uow, actor: Actor) -> Any:
    waiting = ownership.waiting_transfer(uow, actor)
    return {"items": [TransferOut().dump(waiting)] if waiting else []}


@api.post("/ownership", body=OwnershipIn, answer=TransferOut, status=201, summary="Offer your organisation to a member")
def offer(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return ownership.offer(uow, actor, **body)


@api.post("/ownership/<transfer_id>/accept", body=SecondFactorIn, status=204, summary="Become the owner")
def accept_ownership(uow: Uow, actor: Actor, transfer_id: str, body: dict[str, Any]) -> None:
    ownership.accept(uow, actor, transfer_id, body["otp"])


@api.delete("/ownership/<transfer_id>", summary="Take the offer back, or decline it")
def withdraw(uow: Uow, actor: Actor, transfer_id: str) -> None:
    ownership.withdraw(uow, actor, transfer_id)


@api.post("/organisation/close", body=SecondFactorIn, status=204, summary="Close your organisation for good")
def close(uow: Uow, actor: Actor, body: dict[str, Any]) -> None:
    ownership.close(uow, actor, body["otp"])


@api.post(
    "/accounts/<account_id>/forget", body=ForgetIn, answer=ForgottenOut,
    summary="Erase an account's particulars; answers what the law keeps all the same",
)  # fmt: skip
def forget(uow: Uow, actor: Actor, account_id: str, body: dict[str, Any]) -> Any:
    return {"kept": forgetting.forget_account(uow, actor, account_id, otp=body["otp"])}


@api.post(
    "/records/<object_id>/signers", body=NoFields, answer=SignersOut,
    summary="Who signed for an order, also who was forgotten since; the reading is recorded",
)  # fmt: skip
def read_signers(uow: Uow, actor: Actor, object_id: str, body: dict[str, Any]) -> Any:
    return {"items": signers.of_thing(uow, actor, object_id)}
