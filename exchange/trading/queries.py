"""Reads of the trade, always for an actor: the two parties and the platform's officers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, not_, or_, select, true

from billing.dunning import queries as dunning
from billing.invoices import queries as invoices
from catalog.listings import queries as listings
from compliance.exports import queries as exports
from compliance.identity.queries import affiliated, organisations, related
from compliance.policy import Resource, decide, relations
from compliance.policy.relations import RelationKind
from compliance.review import queries as reviews
from core import plans
from core.actor import Actor
from core.db import Uow
from core.house import House
from core.paging import Page, convert, newest_first
from exchange.contracts import queries as papers
from exchange.trading.contested import contested
from exchange.trading.errors import OrderNotFound
from exchange.trading.models import Entitlement, Order, OrderStep
from exchange.trading.recurring import Subscription
from exchange.trading.rules import AMONG_BUYERS, NEGOTIATED
from exchange.trading.standing import Bound, Standing, facts, standing
from exchange.trading.thread import Message, Requirement
from exchange.trading.types import (
    AwaitingOrder,
    CompiledEntitlement,
    MessageSnapshot,
    OrderSnapshot,
    OrderState,
    RightState,
    Side,
    StepSnapshot,
)

REFUSED_BY_REASON = timedelta(days=90)
"""So long after its end a right is still refused as expired or revoked; later it is as if it had never been."""
_TO_PAY_OR_ACCEPT = (OrderState.PLACED, OrderState.PAID, OrderState.DELIVERED)
_OFFICERS = ("officer", "finance", "operator")


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Which orders an actor may know of: the one predicate behind lists and single reads."""
    if actor.platform(*_OFFICERS):
        return true()
    own = actor.organisation_id or ""
    return or_(Order.buyer_id == own, Order.supplier_id == own)


def load(uow: Uow, actor: Actor, order_id: str, *, lock: bool = False) -> Order:
    """The order's row. Raises OrderNotFound when there is none, or none that the actor may know of."""
    statement = select(Order).where(Order.id == order_id, visible_to(actor))
    if lock:
        statement = statement.with_for_update(of=Order)
    order = uow.session.execute(statement).scalar_one_or_none()
    if order is None or not decide(actor, "order:see", resource_of(order)).permitted:
        raise OrderNotFound()
    return order


def resource_of(order: Order) -> Resource:
    """What policy may know of an order."""
    return Resource(
        kind="order",
        id=order.id,
        attributes={
            "buyer": order.buyer_id,
            "supplier": order.supplier_id,
            "state": order.state,
            "tier": order.tier,
            "purpose": order.purpose,
            "frozen": order.frozen_at is not None,
        },
    )


def get(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """Raises OrderNotFound."""
    return load(uow, actor, order_id).snapshot()


def orders(
    uow: Uow, actor: Actor, *, cursor: str | None = None, limit: int = 25, state: str | None = None
) -> Page[OrderSnapshot]:
    """The orders an actor may see, newest first."""
    statement = select(Order).where(visible_to(actor))
    if state:
        statement = statement.where(Order.state == state)
    page = newest_first(uow, statement, key=Order.id, purpose="orders", cursor=cursor, limit=limit)
    return convert(page, lambda order: order.snapshot())


def timeline(uow: Uow, actor: Actor, order_id: str) -> list[StepSnapshot]:
    """The order's steps in order; for the supplier, those that are its matter. Raises OrderNotFound."""
    order = load(uow, actor, order_id).snapshot()
    statement = select(OrderStep).where(OrderStep.order_id == order_id).order_by(OrderStep.number)
    steps = [step.snapshot() for step in uow.session.execute(statement).scalars()]
    if actor.organisation_id != order.supplier_id:
        return steps
    return [step for step in steps if concerns_supplier(uow, order, step)]


def concerns_supplier(uow: Uow, order: OrderSnapshot, step: StepSnapshot) -> bool:
    """Whether a step is the supplier's matter too: what the buyer's people settle among themselves is not.

    An order at the list price that waits for nothing else has not reached the supplier yet. Asks no policy.
    """
    if step.action in AMONG_BUYERS:
        return False
    if step.action != "agree" or order.head is not None:
        return True
    needed = uow.session.execute(select(Requirement.kind).where(Requirement.order_id == order.id)).scalars()
    return {f"meet_{kind}" for kind in needed} != AMONG_BUYERS


def messages(uow: Uow, actor: Actor, order_id: str) -> list[MessageSnapshot]:
    """Everything the two sides said and offered, in order. Raises OrderNotFound."""
    load(uow, actor, order_id)
    chosen = select(Message).where(Message.order_id == order_id).order_by(Message.number)
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def buyer_of(uow: Uow, order_id: str) -> str | None:
    """Whose order it is, for records of deliveries; None when there is no such order."""
    return uow.session.execute(select(Order.buyer_id).where(Order.id == order_id)).scalar_one_or_none()


def related_ids(uow: Uow, actor: Actor, order_id: str) -> list[str]:
    """The ids whose audit entries belong into the order's evidence bundle."""
    order = load(uow, actor, order_id)
    found = [order.id, order.listing_id, order.revision_id]
    review = reviews.approval_before(uow, order.listing_id, order.created_at)
    if review is not None:
        found.append(review)
    found += [document.id for document in invoices.of_order(uow, order.id)]
    found += [each.id for each in papers.of_order(uow, order.id)]
    if order.licence is not None:
        found.append(order.licence.id)
    if order.entitlement is not None:
        found.append(order.entitlement.id)
    return found


def documents(uow: Uow, actor: Actor, order_id: str) -> dict[str, bytes]:
    """The exact bytes of an order's invoices and credit notes, by id, for its evidence bundle.

    Only for those of its two parties who may see their books; for anybody else there are none.
    """
    order = load(uow, actor, order_id)
    own = Resource("invoice", order.id, {"owner": actor.organisation_id})
    if (
        actor.organisation_id not in (order.buyer_id, order.supplier_id)
        or not decide(actor, "ledger:see", own).permitted
    ):
        return {}
    return {document.id: document.body.encode() for document in invoices.of_order(uow, order.id)}


def contracts(uow: Uow, actor: Actor, order_id: str) -> dict[str, bytes]:
    """The exact bytes of an order's contracts, by id, for its evidence bundle. Raises OrderNotFound."""
    load(uow, actor, order_id)
    return {each.id: each.body.encode() for each in papers.of_order(uow, order_id)}


def due(uow: Uow, moment: datetime, limit: int = 100) -> list[tuple[str, str]]:
    """(order id, step) of every order whose time to pay or to accept, or whose licence, has run out.

    A frozen order's time stands still; its licence ends all the same.
    """
    running = Order.frozen_at.is_(None)
    waiting = Order.state.in_((OrderState.PAID, OrderState.DELIVERED))
    lapsed = (
        select(Entitlement.order_id)
        .where(Entitlement.state == RightState.ACTIVE, Entitlement.ends_at <= moment)
        .limit(limit)
    )
    found = {
        "expire": select(Order.id).where(Order.state == OrderState.PLACED, Order.pay_by <= moment, running),
        "expire_terms": select(Order.id).where(Order.state.in_(NEGOTIATED), Order.answer_by <= moment, running),
        "accept_overdue": select(Order.id).where(waiting, Order.accept_by <= moment, running, ~contested()),
        "lapse": lapsed,
    }
    return [
        (order_id, step)
        for step, statement in found.items()
        for order_id in uow.session.execute(statement.limit(limit)).scalars()
    ]


def compiled(
    uow: Uow, ids: Iterable[str] | None = None, *, after: str = "", most: int | None = None
) -> list[CompiledEntitlement]:
    """What gateways have to know of the rights to call, by id or all of them; those long ended are left out.

    All of them are many: a page of at most ``most``, of those whose id follows ``after``. For the machinery, not for an
    actor.
    """
    statement = select(Entitlement, Order).join(Order, Order.id == Entitlement.order_id).order_by(Entitlement.id)
    if ids is not None:
        statement = statement.where(Entitlement.id.in_(set(ids)))
    else:
        statement = statement.where(*_recent(uow.now() - REFUSED_BY_REASON), Entitlement.id > after).limit(most)
    rows = uow.session.execute(statement).all()
    holders = organisations(uow, {order.buyer_id for _, order in rows})
    bound, repriced = bonds(uow, (order for _, order in rows)), _repriced(uow, [order.id for _, order in rows])
    return [
        _compiled(right, order, repriced, standing(uow.house, right, order, holders[order.buyer_id], bound[order.id]))
        for right, order in rows
    ]


def bonds(uow: Uow, orders: Iterable[Order]) -> dict[str, Bound]:
    """By order, what its buyer has signed of it and for its listing, and whether that was stopped."""
    asked = list(orders)
    signed = relations.among(uow, RelationKind.CONTRACT, (order.id for order in asked))
    secret = relations.among(uow, RelationKind.NDA, (order.listing_id for order in asked))
    stopped = listings.stopped(uow, (order.listing_id for order in asked))
    abroad = exports.lacking(uow, (order.id for order in asked))
    unpaid = _suspended(uow, (order.id for order in asked))
    overdue = dunning.overdue(uow, (order.buyer_id for order in asked))
    return {
        order.id: Bound(
            (order.buyer_id, order.id) in signed, (order.buyer_id, order.listing_id) in secret,
            order.listing_id in stopped, abroad.get(order.id, ""), unpaid=order.id in unpaid,
            overdue=order.buyer_id in overdue and plans.parse(order.plan_document).by_usage,
        )
        for order in asked
    }  # fmt: skip


def _suspended(uow: Uow, order_ids: Iterable[str]) -> set[str]:
    chosen = select(Subscription.order_id).where(
        Subscription.order_id.in_(set(order_ids)), Subscription.suspended_at.is_not(None)
    )
    return set(uow.session.execute(chosen).scalars())


def _recent(since: datetime) -> list[ColumnElement[bool]]:
    ended = and_(Entitlement.ends_at.is_not(None), Entitlement.ends_at < since)
    return [not_(ended), or_(Entitlement.state != RightState.REVOKED, Order.ended_at >= since)]


def _repriced(uow: Uow, order_ids: list[str]) -> dict[str, tuple[Mapping[str, Any], str]]:
    """The price of now, and its hash, of subscriptions to which another one was announced."""
    chosen = select(Subscription).where(Subscription.order_id.in_(order_ids), Subscription.plan.is_not(None))
    rows = uow.session.execute(chosen).scalars()
    return {row.order_id: (json.loads(row.plan or "{}"), row.plan_hash or "") for row in rows}


def _compiled(
    right: Entitlement, order: Order, repriced: Mapping[str, tuple[Mapping[str, Any], str]], now: Standing
) -> CompiledEntitlement:
    plan, plan_hash = repriced.get(order.id, (order.plan_document, order.plan_hash))
    limits = json.loads(order.limits) if order.limits else {}
    return CompiledEntitlement(
        id=right.id, order_id=order.id, organisation_id=right.holder_id, listing_id=order.listing_id,
        revision_id=order.revision_id, interface_id=right.interface_id, supplier_id=order.supplier_id,
        purpose=order.purpose, purposes=now.purposes, territories=now.territories, recipients=now.recipients,
        country=now.country, declares=now.declares, tier=right.tier,
        state="revoked" if right.state == RightState.REVOKED else "active",  # an ended one is refused by its time
        frozen=order.frozen_at is not None, permitted=not now.lacking, lacking=now.lacking,
        starts_at=right.starts_at, ends_at=right.ends_at, plan=plan, plan_hash=plan_hash,
        currency=order.currency, limits=limits if now.count is None else limits | {"count": now.count},
    )  # fmt: skip


def used(house: House, order: Order, tier: int) -> Resource:
    """What policy may know of an order whose right is made use of, at the tier that holds for it now."""
    plain = resource_of(order)
    return Resource(plain.kind, plain.id, {**plain.attributes, **facts(house, order, tier)})


def declared(uow: Uow, order: Order) -> dict[str, str]:
    """The context of a use of an order's right as it was agreed: its purpose, and whether its contract is signed."""
    signed = relations.holds(uow, RelationKind.CONTRACT, order.buyer_id, order.id)
    return {"purpose": order.purpose, "contract": "signed" if signed else "none"}


def entitlement_ids(
    uow: Uow, *, organisation_id: str | None = None, listing_id: str | None = None, order_id: str | None = None
) -> list[str]:
    """The rights of an organisation, in a listing, or of an order: what has to be compiled again when it changes."""
    statement = select(Entitlement.id).join(Order, Order.id == Entitlement.order_id)
    if organisation_id is not None:
        statement = statement.where(Entitlement.holder_id == organisation_id)
    if listing_id is not None:
        statement = statement.where(Order.listing_id == listing_id)
    if order_id is not None:
        statement = statement.where(Entitlement.order_id == order_id)
    return list(uow.session.execute(statement.order_by(Entitlement.id)).scalars())


def figures(uow: Uow) -> dict[str, int]:
    """Public figures of the trade: orders paid for and their gross in minor units; without those of related parties."""
    below = {each.id for each in affiliated(uow)}
    parties = (Order.buyer_id, Order.supplier_id)
    kept = Order.state.in_((OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED))
    chosen = select(*parties, func.count(), func.sum(Order.gross)).where(kept).group_by(*parties)
    counted = [
        (int(count), int(gross))
        for buyer, supplier, count, gross in uow.session.execute(chosen)
        if below.isdisjoint((buyer, supplier)) or not related(uow, buyer, supplier)
    ]
    return {"orders": sum(count for count, _ in counted), "gross": sum(gross for _, gross in counted)}


def sold(uow: Uow, since: datetime, until: datetime) -> list[tuple[str, str, int, int, int]]:
    """(supplier, buyer, tier, orders, gross) of what was paid in that time and not given back. Asks no policy."""
    parties = (Order.supplier_id, Order.buyer_id, Order.tier)
    kept = Order.state.in_((OrderState.PAID, OrderState.DELIVERED, OrderState.ACCEPTED))
    chosen = (
        select(*parties, func.count(), func.sum(Order.gross))
        .where(Order.paid_at >= since, Order.paid_at < until, kept)
        .group_by(*parties)
    )
    return [(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in uow.session.execute(chosen)]


def parties(uow: Uow, order_ids: Iterable[str]) -> dict[str, tuple[str, str, int]]:
    """(supplier, buyer, tier) by order. Asks no policy: for whoever watches over the trade."""
    chosen = select(Order.id, Order.supplier_id, Order.buyer_id, Order.tier).where(Order.id.in_(set(order_ids)))
    return {row[0]: (row[1], row[2], row[3]) for row in uow.session.execute(chosen)}


def listings_of(uow: Uow, order_ids: Iterable[str]) -> dict[str, str]:
    """What orders are about, by order. Asks no policy: for whoever watches over the trade."""
    chosen = select(Order.id, Order.listing_id).where(Order.id.in_(set(order_ids)))
    return {row[0]: row[1] for row in uow.session.execute(chosen)}


def orders_of(uow: Uow, buyer_id: str, listing_id: str, *, limit: int = 20) -> list[str]:
    """A buyer's orders of a listing, the newest first. Asks no policy: for whoever watches over the trade."""
    chosen = select(Order.id).where(Order.buyer_id == buyer_id, Order.listing_id == listing_id)
    return list(uow.session.execute(chosen.order_by(Order.id.desc()).limit(limit)).scalars())


def awaiting(uow: Uow, actor: Actor, *, limit: int) -> list[AwaitingOrder]:
    """The own organisation's orders that wait for a role that the actor holds in it, the earliest deadline first."""
    pays, talks, supplies = actor.has("buyer"), actor.has("buyer", "finance"), actor.has("supplier")
    if actor.organisation_id is None or not (talks or supplies):
        return []
    given = {"own": actor.organisation_id, "most": limit}
    rows = uow.session.execute(_awaiting(pays=pays, talks=talks, supplies=supplies), given)
    return [AwaitingOrder(row[0], OrderState(row[1]), json.loads(row[2]), row[3]) for row in rows]


@lru_cache(maxsize=8)
def _awaiting(*, pays: bool, talks: bool, supplies: bool) -> Select[str, str, str, datetime | None]:
    """Kept, as building it costs more than asking the database with it."""
    bought, sold = Order.buyer_id == bindparam("own"), Order.supplier_id == bindparam("own")
    by = case(
        (Order.state.in_(NEGOTIATED), Order.answer_by), (Order.state == OrderState.PLACED, Order.pay_by),
        else_=Order.accept_by,
    )  # fmt: skip
    waits = {
        and_(bought, Order.state.in_(_TO_PAY_OR_ACCEPT), ~contested()): pays,
        and_(bought, _turn_of(Side.BUYER)): talks,
        and_(sold, _turn_of(Side.SUPPLIER)): supplies,
    }
    held = [condition for condition, holds in waits.items() if holds]
    chosen = select(Order.id, Order.state, Order.title, by).where(Order.frozen_at.is_(None), or_(*held))
    return chosen.order_by(by.nulls_last(), Order.id.desc()).limit(bindparam("most"))


def _turn_of(side: Side) -> ColumnElement[bool]:
    """The talks wait for this side's answer, or the agreed order for something that it has not done."""
    lacks = exists().where(Requirement.order_id == Order.id, Requirement.side == side, Requirement.met_at.is_(None))
    answers = and_(Order.state.in_(NEGOTIATED - {OrderState.AGREED}), Order.turn == side)
    return and_(Order.state.in_(NEGOTIATED), or_(answers, and_(Order.state == OrderState.AGREED, lacks)))


def present(uow: Uow, order_id: str, number: int) -> tuple[OrderSnapshot, StepSnapshot] | None:
    """An order as it is now, and one step of its story. Asks no policy: for notices and webhooks."""
    order = uow.session.get(Order, order_id)
    step = uow.session.get(OrderStep, (order_id, number))
    return (order.snapshot(), step.snapshot()) if order is not None and step is not None else None


def story(uow: Uow, order_id: str) -> tuple[OrderSnapshot, list[StepSnapshot]] | None:
    """An order and all of its steps, the oldest first. Asks no policy: for evidence given to a payer's bank."""
    order = uow.session.get(Order, order_id)
    chosen = select(OrderStep).where(OrderStep.order_id == order_id).order_by(OrderStep.number)
    steps = [step.snapshot() for step in uow.session.execute(chosen).scalars()]
    return (order.snapshot(), steps) if order is not None else None


def ending(uow: Uow, since: datetime, until: datetime, *, limit: int = 200) -> list[OrderSnapshot]:
    """The orders whose right ends in that time. Asks no policy: for reminders."""
    chosen = (
        select(Order)
        .join(Entitlement, Entitlement.order_id == Order.id)
        .where(Entitlement.state == RightState.ACTIVE, Entitlement.ends_at > since, Entitlement.ends_at <= until)
        .order_by(Entitlement.ends_at)
        .limit(limit)
    )
    return [row.snapshot() for row in uow.session.execute(chosen).scalars()]


def waiting(uow: Uow, since: datetime, until: datetime, *, limit: int = 200) -> list[OrderSnapshot]:
    """The orders that somebody must answer, pay or accept in that time. Asks no policy: for reminders."""
    deadlines = {
        NEGOTIATED: Order.answer_by, (OrderState.PLACED,): Order.pay_by,
        (OrderState.PAID, OrderState.DELIVERED): Order.accept_by,
    }  # fmt: skip
    due_then = [and_(Order.state.in_(states), by > since, by <= until) for states, by in deadlines.items()]
    chosen = select(Order).where(or_(*due_then), Order.frozen_at.is_(None), ~contested()).order_by(Order.id)
    return [row.snapshot() for row in uow.session.execute(chosen.limit(limit)).scalars()]
