"""HTTP routes of exports: counters for suppliers and officers, clearances."""

from __future__ import annotations

from typing import Any

from compliance.exports import queries, service
from compliance.exports.schemas import (
    ClearanceIn,
    ClearanceOut,
    ClearancesOut,
    ClearanceWithdrawIn,
    CounterOut,
    ExportersOut,
    OrganisationQuery,
    YearQuery,
)
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("exports")


@api.get("/exports", query=YearQuery, answer=ExportersOut, summary="Who sent data abroad in a year, for officers")
def exporters(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return {"items": queries.counters(uow, actor, **query)}


@api.get(
    "/organisations/<organisation_id>/exports", query=YearQuery, answer=CounterOut,
    summary="Distinct persons whose data an exporter and its affiliates sent abroad in a year",
)  # fmt: skip
def counter(uow: Uow, actor: Actor, organisation_id: str, query: dict[str, Any]) -> Any:
    return queries.counter(uow, actor, organisation_id, **query)


@api.get("/clearances", query=OrganisationQuery, answer=ClearancesOut, summary="An exporter's clearances")
def clearances(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return {"items": queries.clearances(uow, actor, **query)}


@api.post("/clearances", body=ClearanceIn, answer=ClearanceOut, status=201, idempotent=True, summary="Record one")
def record_clearance(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.record_clearance(uow, actor, **body)


@api.post(
    "/clearances/<clearance_id>/withdraw", body=ClearanceWithdrawIn, answer=ClearanceOut, idempotent=True,
    summary="It covers nothing any more",
)  # fmt: skip
def withdraw_clearance(uow: Uow, actor: Actor, clearance_id: str, body: dict[str, Any]) -> Any:
    return service.withdraw_clearance(uow, actor, clearance_id, **body)
