"""Reads of requests for fapiao: a buyer sees its own, the platform's people all."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from billing.fapiao.errors import FapiaoNotFound
from billing.fapiao.models import FapiaoRow
from billing.fapiao.types import FapiaoRequest, FapiaoState
from billing.invoices import queries as invoices
from billing.taxes import queries as taxes
from compliance.policy import Resource, decide, require
from core.actor import Actor
from core.db import Uow
from core.paging import Page, convert, newest_first
from core.problems import Invalid, Sentence


def get(uow: Uow, actor: Actor, request_id: str) -> FapiaoRequest:
    """Raises FapiaoNotFound, also for one that the actor may not see."""
    row = uow.session.get(FapiaoRow, request_id, populate_existing=True)
    if row is None or not decide(actor, "fapiao:see", _resource(row.buyer_id)).permitted:
        raise FapiaoNotFound()
    return _credited(uow, row)


def listed(
    uow: Uow, actor: Actor, *, state: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[FapiaoRequest]:
    """The own requests, or everybody's for people of the platform; newest first."""
    own = actor.organisation_id
    require(actor, "fapiao:see", _resource(own))
    chosen = select(FapiaoRow)
    if own is not None:
        chosen = chosen.where(FapiaoRow.buyer_id == own)
    if state is not None:
        if state not in {str(each) for each in FapiaoState}:
            raise Invalid(Sentence("Choose one of %(names)s.", names=", ".join(FapiaoState)), field="state")
        chosen = chosen.where(FapiaoRow.state == state)
    page = newest_first(uow, chosen, key=FapiaoRow.id, purpose=f"fapiao:{own}:{state}", cursor=cursor, limit=limit)
    return convert(page, lambda row: _credited(uow, row))


def of_invoice(uow: Uow, invoice_id: str) -> FapiaoRequest | None:
    """The newest request for an invoice. Asks no policy: for pages that asked."""
    chosen = select(FapiaoRow).where(FapiaoRow.invoice_id == invoice_id).order_by(FapiaoRow.id.desc()).limit(1)
    row = uow.session.execute(chosen).scalars().first()
    return _credited(uow, row) if row else None


def kinds(uow: Uow, currency: str) -> dict[str, tuple[str, ...]]:
    """The kinds that are issued here for documents in that currency, and the tax details that each needs."""
    return dict(taxes.profile_now(uow).fapiao) if currency == "CNY" else {}


def _credited(uow: Uow, row: FapiaoRow) -> FapiaoRequest:
    found = row.snapshot()
    if found.state is not FapiaoState.ISSUED:
        return found
    left = sum(rest.gross for rest in invoices.rests_of(uow, invoices.load(uow, row.invoice_id)))
    return replace(found, credited=found.gross - left)


def _resource(organisation_id: str | None) -> Resource:
    return Resource("fapiao", organisation_id or "platform", {"owner": organisation_id})
