"""What a member of the buyer may order alone; beyond it another member, an owner or finance, approves.

A limit is that of one order and that of a calendar month of the organisation's time zone. A month counts what the
member ordered alone in it and what was not called off or paid back since; what somebody else approved counts in
nobody's month. What is paid by usage or by period has no amount that is known beforehand: whoever has a limit orders
none of it alone.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from compliance.audit.service import record
from compliance.identity import queries as identity
from compliance.identity.errors import OrganisationNotFound
from compliance.policy import Resource, require
from core import plans
from core.actor import Actor
from core.db import Uow
from core.money import parse_amount
from core.problems import Invalid
from exchange.trading.errors import MemberUnknown
from exchange.trading.models import Order
from exchange.trading.rules import NOTHING_LEFT
from exchange.trading.thread import BoundAlone, SpendingLimit


@dataclass(frozen=True)
class LimitSnapshot:
    """What a member may order alone, gross: by one order, and in a month."""

    account_id: str
    amount: int
    monthly: int
    currency: str


def limits(uow: Uow, actor: Actor) -> list[LimitSnapshot]:
    """The limits of the actor's own organisation."""
    chosen = select(SpendingLimit).where(SpendingLimit.organisation_id == (actor.organisation_id or ""))
    currency = uow.house.settings.currency
    rows = uow.session.execute(chosen.order_by(SpendingLimit.account_id)).scalars()
    return [LimitSnapshot(row.account_id, row.amount, _monthly(row), currency) for row in rows]


def limit(uow: Uow, actor: Actor, account_id: str, amount: str | None, monthly: str | None = None) -> None:
    """An owner says what a member may order alone, gross; None: as much as there is money for.

    Without ``monthly`` all orders of a month together are no more than one may be. Raises PolicyRefused,
    MemberUnknown, AmountInvalid, and Invalid for a month of less than one order.
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
        row = row or SpendingLimit(organisation_id=actor.organisation_id, account_id=account_id)
        row.amount, row.monthly = _amounts(uow, amount, monthly)
        uow.session.add(row)
    uow.session.flush()
    record(
        uow, actor, action="organisation:limit_spending", object_id=actor.organisation_id,
        data={"account": account_id, "amount": amount or "none", "monthly": (amount and monthly) or amount or "none"},
        concerns=[actor.organisation_id],
    )  # fmt: skip


def _amounts(uow: Uow, amount: str, monthly: str | None) -> tuple[int, int | None]:
    currency = uow.house.settings.currency
    of_one = parse_amount(amount, currency, field="amount")
    of_all = None if monthly is None else parse_amount(monthly, currency, field="monthly")
    if of_all is not None and of_all < of_one:
        raise Invalid("A month has at least the amount of one order.", field="monthly")
    return of_one, of_all


def bind(uow: Uow, order: Order, account_id: str) -> bool:
    """Whether another member has to approve what this one binds the buyer to; if not, its month counts it.

    Orders of one member are judged one after the other.
    """
    row = uow.session.get(SpendingLimit, (order.buyer_id, account_id), with_for_update=True)
    alone = uow.session.get(BoundAlone, order.id)
    over = row is not None and _over(uow, order, row)
    if over and alone is not None:
        uow.session.delete(alone)
    elif not over and alone is None and account_id:
        uow.session.add(
            BoundAlone(order_id=order.id, organisation_id=order.buyer_id, account_id=account_id, at=uow.now())
        )
    uow.session.flush()
    return over


def _over(uow: Uow, order: Order, row: SpendingLimit) -> bool:
    plan = plans.parse(order.plan_document)
    if plan.by_usage or plan.by_period:
        return True
    return order.gross > row.amount or _month_without(uow, order, row) + order.gross > _monthly(row)


def _month_without(uow: Uow, order: Order, row: SpendingLimit) -> int:
    """What the member's other orders of the running month come to."""
    month = identity.months_of(uow, row.organisation_id).period_of(uow.now())
    alone = (
        BoundAlone.organisation_id == row.organisation_id,
        BoundAlone.account_id == row.account_id,
        BoundAlone.at >= month.starts_at,
        BoundAlone.at < month.ends_at,
    )
    chosen = select(func.coalesce(func.sum(Order.gross), 0)).join(BoundAlone, BoundAlone.order_id == Order.id)
    counted = Order.state.not_in(NOTHING_LEFT), Order.id != order.id
    return int(uow.session.execute(chosen.where(*alone, *counted)).scalar_one())


def _monthly(row: SpendingLimit) -> int:
    return row.amount if row.monthly is None else row.monthly
