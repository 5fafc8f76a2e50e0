"""HTTP routes of qualification."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from compliance.qualification import queries, service
from compliance.qualification.schemas import (
    ApproveIn,
    AttachIn,
    LevelQuery,
    QualificationOut,
    QualificationReturnIn,
    QualificationStandingOut,
    SubmitIn,
    SuspendIn,
)
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("qualification")


class StateQuery(Schema):
    state = fields.String(load_default="submitted")


@api.get(
    "/qualification",
    query=LevelQuery,
    answer=QualificationStandingOut,
    summary="Yours, and what the next level asks for",
)
def standing(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.own(uow, actor, **query)


@api.put(
    "/qualification/documents/<kind>", body=AttachIn, answer=QualificationStandingOut,
    summary="Hand in a document of that kind",
)  # fmt: skip
def attach(uow: Uow, actor: Actor, kind: str, body: dict[str, Any]) -> Any:
    return service.attach(uow, actor, kind, **body)


@api.post("/qualification", body=SubmitIn, answer=QualificationOut, idempotent=True, summary="Hand it in")
def submit(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.submit(uow, actor, **body)


@api.get("/qualifications", query=StateQuery, summary="Organisations that wait for an officer")
def waiting(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return {"items": QualificationOut(many=True).dump(queries.waiting(uow, actor, query["state"]))}


@api.get(
    "/qualifications/<organisation_id>", answer=QualificationStandingOut, summary="One with its documents, for officers"
)
def show(uow: Uow, actor: Actor, organisation_id: str) -> Any:
    return queries.of(uow, actor, organisation_id)


@api.post(
    "/qualifications/<organisation_id>/return", body=QualificationReturnIn, answer=QualificationOut, idempotent=True,
    summary="Return it with a reason",
)  # fmt: skip
def give_back(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return service.return_with_reason(uow, actor, organisation_id, **body)


@api.post(
    "/qualifications/<organisation_id>/approve", body=ApproveIn, answer=QualificationOut, idempotent=True,
    summary="Approve it with a level and an expiry",
)  # fmt: skip
def approve(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return service.approve(uow, actor, organisation_id, **body)


@api.post(
    "/qualifications/<organisation_id>/suspend", body=SuspendIn, answer=QualificationOut, idempotent=True,
    summary="Suspend an organisation: its programs stop",
)  # fmt: skip
def suspend(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return service.suspend(uow, actor, organisation_id, **body)


@api.post(
    "/qualifications/<organisation_id>/reinstate", body=SuspendIn, answer=QualificationOut,
    idempotent=True, summary="Let a suspended organisation act again, and decide on it anew",
)  # fmt: skip
def reinstate(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return service.reinstate(uow, actor, organisation_id, **body)
