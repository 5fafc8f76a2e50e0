"""What a member of the buyer may order alone; beyond it another member, an owner or finance, approves."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from compliance.audit.service import record
from compliance.identity import queries as identity
from compliance.identity.errors import OrganisationNotFound
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow
from core.money import parse_amount
from exchange.trading.errors import MemberUnknown
from exchange.trading.models import Order
from exchange.trading.thread import SpendingLimit


@dataclass(frozen=True)
class LimitSnapshot:
    account_id: str
    amount: int
    currency: str


def limits(uow: Uow, actor: Actor) -> list[LimitSnapshot]:
    """The limits of the actor's own organisation."""
    chosen = select(SpendingLimit).where(SpendingLimit.organisation_id == (actor.organisation_id or ""))
    currency = uow.house.settings.currency
    rows = uow.session.execute(chosen.order_by(SpendingLimit.account_id)).scalars()
    return [LimitSnapshot(row.account_id, row.amount, currency) for row in rows]


def limit(uow: Uow, actor: Actor, account_id: str, amount: str | None) -> None:
    """An owner says what a member may order alone, gross; None: as much as there is money for.

    Raises PolicyRefused, MemberUnknown, AmountInvalid.
    """
    if actor.organisation_id is None:
        raise OrganisationNotFound()
    require(actor, "spending:limit", Resource("spending", actor.organisation_id, {"owner": actor.organisation_id}))
    member = next((each for each in identity.members(uow, actor) if each.id == account_id), None)
    if member is None:
        raise MemberUnknown(field="account_id")
    row = uow.session.get(SpendingLimit, (actor.organisation_id, account_id), with_for_update=True)
    if row is not None and amount is None:
        uow.session.delete(row)
    elif amount is not None:
        minor = parse_amount(amount, uow.house.settings.currency, field="amount")
        row = row or SpendingLimit(organisation_id=actor.organisation_id, account_id=account_id, amount=minor)
        row.amount = minor
        uow.session.add(row)
    uow.session.flush()
    record(
        uow, actor, action="organisation:limit_spending", object_id=actor.organisation_id,
        data={"account": account_id, "amount": amount or "none"}, concerns=[actor.organisation_id],
    )  # fmt: skip


def over(uow: Uow, order: Order, account_id: str) -> bool:
    """Whether the order binds the buyer to more than this member may alone."""
    row = uow.session.get(SpendingLimit, (order.buyer_id, account_id))
    return row is not None and order.gross > row.amount
