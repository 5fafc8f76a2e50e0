"""HTTP routes of payments."""

from __future__ import annotations

from typing import Any

from billing.payments import queries, service
from billing.payments.schemas import TopUpIn, TopUpOut, TopUpPageOut, TopUpQuery, TopUpReasonIn
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("payments")


@api.post(
    "/topups", body=TopUpIn, answer=TopUpOut, status=201, idempotent=True, summary="Record a bank transfer (finance)"
)
def record_topup(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.record_topup(uow, actor, **body)


@api.get("/topups", query=TopUpQuery, answer=TopUpPageOut, summary="Top-ups, newest first")
def list_topups(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.listed(uow, actor, **query)


@api.get("/topups/<topup_id>", answer=TopUpOut, summary="One top-up")
def show_topup(uow: Uow, actor: Actor, topup_id: str) -> Any:
    return queries.get(uow, actor, topup_id)


@api.post(
    "/topups/<topup_id>/confirm", answer=TopUpOut, idempotent=True, summary="Confirm a top-up as the second person"
)
def confirm_topup(uow: Uow, actor: Actor, topup_id: str) -> Any:
    return service.confirm_topup(uow, actor, topup_id)


@api.post(
    "/topups/<topup_id>/reject", body=TopUpReasonIn, answer=TopUpOut, idempotent=True,
    summary="Reject a top-up as the second person",
)  # fmt: skip
def reject_topup(uow: Uow, actor: Actor, topup_id: str, body: dict[str, Any]) -> Any:
    return service.reject_topup(uow, actor, topup_id, **body)


@api.post(
    "/topups/<topup_id>/cancel", body=TopUpReasonIn, answer=TopUpOut, idempotent=True,
    summary="Cancel a mistaken record",
)  # fmt: skip
def cancel_topup(uow: Uow, actor: Actor, topup_id: str, body: dict[str, Any]) -> Any:
    return service.cancel_topup(uow, actor, topup_id, **body)
