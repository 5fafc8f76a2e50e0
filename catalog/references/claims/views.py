"""HTTP routes of claims."""

from __future__ import annotations

from typing import Any

from catalog.references.claims import queries, service
from catalog.references.claims.schemas import ClaimIn, ClaimOut, ClaimPageOut, ClaimRejectIn, ClaimsQuery
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import NoFields

api = http.Api("claims")


@api.post(
    "/references/<reference_id>/claim", body=ClaimIn, answer=ClaimOut, status=201, idempotent=True,
    summary="Say that an imported listing is yours",
)  # fmt: skip
def claim(uow: Uow, actor: Actor, reference_id: str, body: dict[str, Any]) -> Any:
    return service.claim(uow, actor, reference_id, **body)


@api.get("/claims", query=ClaimsQuery, answer=ClaimPageOut, summary="Claims that you may see")
def claims(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.claims(uow, actor, **query)


@api.get("/claims/<claim_id>", answer=ClaimOut, summary="One claim")
def show(uow: Uow, actor: Actor, claim_id: str) -> Any:
    return queries.get(uow, actor, claim_id)


@api.post("/claims/<claim_id>/withdraw", body=NoFields, answer=ClaimOut, idempotent=True, summary="Take it back")
def withdraw(uow: Uow, actor: Actor, claim_id: str, body: dict[str, Any]) -> Any:
    return service.withdraw(uow, actor, claim_id)


@api.post(
    "/claims/<claim_id>/approve", body=NoFields, answer=ClaimOut, idempotent=True,
    summary="Approve it: the claimant gets a draft",
)  # fmt: skip
def approve(uow: Uow, actor: Actor, claim_id: str, body: dict[str, Any]) -> Any:
    return service.approve(uow, actor, claim_id)


@api.post(
    "/claims/<claim_id>/reject", body=ClaimRejectIn, answer=ClaimOut, idempotent=True, summary="Reject it, and say why"
)  # fmt: skip
def reject(uow: Uow, actor: Actor, claim_id: str, body: dict[str, Any]) -> Any:
    return service.reject(uow, actor, claim_id, **body)
