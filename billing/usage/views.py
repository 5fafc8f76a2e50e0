"""HTTP routes of usage."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from billing.usage import queries
from billing.usage.schemas import CallPageOut, CallsQuery, ProvenCallOut, UsageOut, UsageQuery, UsageStandingOut
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("usage")


@api.get("/usage", query=UsageQuery, answer=UsageOut, summary="Calls by hour or day, how they ended, and their cost")
def usage(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.usage(uow, actor, **query)


@api.get("/usage/calls", query=CallsQuery, answer=CallPageOut, summary="Recorded calls, newest first")
def calls(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.calls(uow, actor, **query)


@api.get("/usage/calls/<call_id>", answer=ProvenCallOut, summary="One call, for its buyer with the proof of its record")
def call(uow: Uow, actor: Actor, call_id: str) -> Any:
    return asdict(queries.call(uow, actor, call_id)) | {"proof": queries.shown_proof(uow, actor, call_id)}


@api.get(
    "/entitlements/<entitlement_id>/standing",
    answer=UsageStandingOut,
    summary="What is left of limits, units and balance",
)
def standing(uow: Uow, actor: Actor, entitlement_id: str) -> Any:
    return queries.standing(uow, actor, entitlement_id)
