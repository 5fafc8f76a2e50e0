"""HTTP routes of identity."""

from __future__ import annotations

from typing import Any

import flask

from compliance.identity import affiliates, queries, service
from compliance.identity.errors import OrganisationNotFound
from compliance.identity.rules import check_password, hash_password, normal_email
from compliance.identity.schemas import (
    MemberOut,
    OpenSessionOut,
    OrganisationEdit,
    OrganisationOut,
    ParentEdit,
    PublicOrganisationOut,
    RegistrationIn,
    SessionIn,
    SessionOut,
    TimezoneEdit,
)
from compliance.identity.service import Person
from core import http
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.speech import language

api = http.Api("identity")


def _person(body: dict[str, Any]) -> Person:
    email = normal_email(body["email"])
    check_password(body["password"], email)
    spoken = body["language"] or language()
    return Person(name=body["name"], email=email, password_hash=hash_password(body["password"]), language=spoken)


def _prepare_registration(_house: House, body: dict[str, Any]) -> dict[str, Any]:
    return {**body["organisation"], "person": _person(body["person"])}


@api.post(
    "/registrations", body=RegistrationIn, answer=OrganisationOut, status=201, who=http.ANYONE,
    idempotent=True, prepare=_prepare_registration, summary="Register an organisation and its owner",
)  # fmt: skip
def register(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.register(uow, **body)


@api.raw("POST", "/sessions", body=SessionIn, answer=SessionOut, who=http.ANYONE, status=201, summary="Sign in")
def sign_in(house: House, actor: Actor, request: flask.Request) -> flask.Response:
    body = http.read_body(SessionIn)
    signed_in = service.sign_in(
        house, email=body["email"], password=body["password"], otp=body["otp"], kind="api",
        client=request.headers.get("User-Agent", ""), peer=request.remote_addr or "",
    )  # fmt: skip
    return http.respond(201, SessionOut().dump(signed_in))


@api.get("/sessions", summary="Your sessions in force")
def list_sessions(uow: Uow, actor: Actor) -> Any:
    return {"items": OpenSessionOut(many=True).dump(queries.sessions(uow, actor))}


@api.delete("/sessions/<session_id>", summary="End one of your sessions")
def end_session(uow: Uow, actor: Actor, session_id: str) -> None:
    service.end_session(uow, actor, session_id)


@api.get("/me", summary="Who you are and what you may do")
def me(uow: Uow, actor: Actor) -> Any:
    own = queries.organisation(uow, actor.organisation_id) if actor.organisation_id else None
    return {
        "account_id": actor.account_id,
        "name": queries.account_name(uow, actor.account_id or ""),
        "language": actor.language,
        "roles": sorted(actor.roles),
        "platform_roles": sorted(actor.platform_roles),
        "second_factor": actor.second_factor,
        "qualification": actor.qualification,
        "organisation": OrganisationOut().dump(own) if own else None,
    }


@api.get("/organisations/<organisation_id>", summary="An organisation; in full for its members and officers")
def show_organisation(uow: Uow, actor: Actor, organisation_id: str) -> Any:
    found = queries.organisation(uow, organisation_id)
    own = actor.organisation_id == organisation_id or actor.platform("officer", "reviewer", "finance", "operator")
    return (OrganisationOut if own else PublicOrganisationOut)().dump(found)


@api.patch(
    "/organisations/<organisation_id>", body=OrganisationEdit, answer=OrganisationOut, if_match=True,
    summary="Correct your organisation's particulars",
)  # fmt: skip
def mend(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any], if_match: int) -> Any:
    if organisation_id != actor.organisation_id:
        raise OrganisationNotFound()
    return service.mend_organisation(uow, actor, version=if_match, **body)


@api.patch(
    "/organisations/<organisation_id>/timezone", body=TimezoneEdit, answer=OrganisationOut, if_match=True,
    summary="Choose the time zone of your months, from the next month on",
)  # fmt: skip
def change_timezone(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any], if_match: int) -> Any:
    if organisation_id != actor.organisation_id:
        raise OrganisationNotFound()
    return service.change_timezone(uow, actor, version=if_match, **body)


@api.put(
    "/organisations/<organisation_id>/parent", body=ParentEdit, answer=OrganisationOut,
    summary="Record under which organisation one stands (officers)",
)  # fmt: skip
def set_parent(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return affiliates.set_parent(uow, actor, organisation_id, body["parent_id"])


@api.get("/organisations/<organisation_id>/group", summary="Who belongs together with an organisation (officers)")
def show_group(uow: Uow, actor: Actor, organisation_id: str) -> Any:
    if organisation_id != actor.organisation_id and not actor.platform("officer"):
        raise OrganisationNotFound()
    return {"items": list(queries.group_of(uow, organisation_id))}


@api.get("/members", summary="The members of your organisation")
def list_members(uow: Uow, actor: Actor) -> Any:
    return {"items": MemberOut(many=True).dump(queries.members(uow, actor))}
