"""HTTP routes of the ledger."""

from __future__ import annotations

from typing import Any

from billing.ledger import queries
from billing.ledger.schemas import BalanceOut, StatementPageOut, StatementQuery, TrialBalanceOut, WhoseQuery
from core import http
from core.actor import Actor
from core.db import Uow

api = http.Api("ledger")


@api.get("/balance", query=WhoseQuery, answer=BalanceOut, summary="Your organisation's prepaid balance")
def balance(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.own_balance(uow, actor, query["organisation_id"])


@api.get(
    "/ledger", query=StatementQuery, answer=StatementPageOut, summary="Your organisation's ledger, with running balance"
)
def ledger(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.statement(uow, actor, **query)


@api.get("/trial-balance", answer=TrialBalanceOut, summary="All accounts of the exchange; each currency sums to zero")
def trial_balance(uow: Uow, actor: Actor) -> Any:
    rows = queries.trial_rows(uow, actor)
    totals = queries.trial_balance(uow)
    return {
        "rows": rows,
        "totals": [{"currency": currency, "total": total} for currency, total in sorted(totals.items())],
        "balanced": not any(totals.values()),
    }
