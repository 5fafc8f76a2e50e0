"""HTTP routes of tax details."""

from __future__ import annotations

from typing import Any

from billing.taxes import queries, service
from billing.taxes.schemas import (
    ExemptionIn,
    TaxDecisionOut,
    TaxDetailsIn,
    TaxDetailsOut,
    TaxDetailsPageOut,
    VatNumberIn,
)
from core import http
from core.actor import Actor
from core.db import Uow
from core.fields import PageQuery

api = http.Api("taxes")


@api.get("/tax-details", answer=TaxDetailsOut, summary="What your invoices and fapiao say of you")
def show(uow: Uow, actor: Actor) -> Any:
    return queries.own(uow, actor)


@api.put("/tax-details", body=TaxDetailsIn, answer=TaxDetailsOut, summary="Change them, for documents to come")
def change(uow: Uow, actor: Actor, body: dict[str, Any]) -> Any:
    return service.change(uow, actor, **body)


@api.get("/tax-rate", answer=TaxDecisionOut, summary="How you are taxed now, and why")
def rate(uow: Uow, actor: Actor) -> Any:
    queries.own(uow, actor)
    return queries.decision(uow, actor.organisation_id)


@api.get(
    "/tax-confirmations", query=PageQuery, answer=TaxDetailsPageOut, summary="VAT numbers and exemptions (finance)"
)
def to_confirm(uow: Uow, actor: Actor, query: dict[str, Any]) -> Any:
    return queries.to_confirm(uow, actor, **query)


@api.get("/organisations/<organisation_id>/tax-details", answer=TaxDetailsOut, summary="Somebody's (the platform)")
def show_other(uow: Uow, actor: Actor, organisation_id: str) -> Any:
    return queries.own(uow, actor, organisation_id)


@api.post(
    "/organisations/<organisation_id>/vat-number", body=VatNumberIn, answer=TaxDetailsOut, idempotent=True,
    summary="Confirm a VAT number that was looked up (finance)",
)  # fmt: skip
def confirm(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return service.confirm_vat_number(uow, actor, organisation_id, **body)


@api.post(
    "/organisations/<organisation_id>/exemption", body=ExemptionIn, answer=TaxDetailsOut, idempotent=True,
    summary="Record an exemption from tax, or end it (finance)",
)  # fmt: skip
def exempt(uow: Uow, actor: Actor, organisation_id: str, body: dict[str, Any]) -> Any:
    return service.exempt(uow, actor, organisation_id, **body)
