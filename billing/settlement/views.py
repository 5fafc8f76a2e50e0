"""HTTP routes of settlement."""

from __future__ import annotations

from typing import Any

from billing.settlement import queries
from billing.settlement.schemas import PayablesOut, SettlementPageOut, SettlementQuery
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery

api = http.Api("settlement")


@api.get("/payables", query=PageQuery, answer=PayablesOut, summary="What you are owed, invoice by invoice")
def payables(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    page = queries.payables(uow, actor, **query)
    totals = queries.totals(uow, actor) if actor.organisation_id else None
    return {"totals": totals, "items": page.items, "next_cursor": page.next_cursor}


@api.get(
    "/settlements", query=SettlementQuery, answer=SettlementPageOut,
    summary="Your months as a supplier: revenue by customer and listing",
)  # fmt: skip
def settlements(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.settlements(uow, actor, **query)
