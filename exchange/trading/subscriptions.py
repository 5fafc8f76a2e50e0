"""Orders that go on period after period: their fees, their minimums, how they are cancelled, rest and end.

Periods are those of the calendar in the buyer's zone. The first and the last one may be a part of such a period: then
the fee, the included units and the minimum are that part of theirs. A fee is charged when its period begins, what is
missing to a minimum when its period is over and its usage was invoiced.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from billing import rating
from billing.coupons import service as coupons
from billing.dunning import queries as dunning
from billing.invoices import queries as invoices
from billing.invoices import service as invoicing
from billing.invoices.types import Invoice, Span
from billing.periods import service as periods
from billing.rating import Part
from billing.usage import service as usage
from billing.usage import settling
from compliance.identity.queries import months_of
from compliance.policy import require
from core import plans
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.money import UNITS_PER_MINOR, Rounding, round_units, rounding_of
from core.months import Months, Period
from core.plans import Kind, PricePlan
from core.problems import Sentence
from core.turns import each_by_itself
from exchange.trading import queries, regrading, rights, rises
from exchange.trading.errors import CurrencyFixed, NoSubscription, NotReplaceable, OrderStateConflict
from exchange.trading.models import Entitlement, Order
from exchange.trading.recurring import Subscription, SubscriptionPeriod
from exchange.trading.rules import IN_FORCE
from exchange.trading.standing import UNPAID
from exchange.trading.steps import note
from exchange.trading.types import OrderSnapshot, OrderState, RightState, SubscriptionSnapshot

_AT_ONCE = 100


def get(uow: Uow, actor: Actor, order_id: str) -> SubscriptionSnapshot:
    """Raises OrderNotFound, and NoSubscription for an order without periods."""
    row = _row(uow, queries.load(uow, actor, order_id).id)
    return row.snapshot(tuple(each.snapshot() for each in _charged(uow, order_id)))


def running(uow: Uow, actor: Actor, listing_id: str) -> list[OrderSnapshot]:
    """The own organisation's subscriptions of a listing that go on, the oldest first."""
    return [
        order.snapshot()
        for order, row in _going_on(uow, listing_id)
        if order.buyer_id == actor.organisation_id and row.cancelled_at is None
    ]


def has_subscribers(uow: Uow, listing_id: str) -> bool:
    """Whether anybody subscribes to a listing. Asks no policy: for its supplier's page."""
    return bool(_going_on(uow, listing_id))


def begin(uow: Uow, order: Order, starts_at: datetime) -> None:
    """The order was paid for: its periods begin. A fee that the balance does not cover raises BalanceTooLow.

    An order that takes another one's place ends it first, so that what returns of its fee can pay for this one.
    """
    if order.replaces:
        _end_replaced(uow, order, order.replaces)
    if not plans.parse(order.plan_document).by_period:
        return
    row = Subscription(order_id=order.id, covered_until=starts_at)
    uow.session.add(row)
    uow.session.flush()
    _open_period(uow, order, row, at_once=True)


def check_replaceable(uow: Uow, actor: Actor, order: Order) -> None:
    """That an order may take the place of the one it names: of the same buyer and listing, in force and going on.

    Raises OrderNotFound, NoSubscription, NotReplaceable, CurrencyFixed.
    """
    if order.replaces is None:
        return
    old = queries.load(uow, actor, order.replaces)
    if (old.buyer_id, old.listing_id) != (order.buyer_id, order.listing_id):
        raise NotReplaceable("It is an order of something else.", field="replaces")
    if _row(uow, old.id).ended_at is not None or not old.has_rights(uow.now()):
        raise NotReplaceable(Sentence("%(order_id)s is not in force.", order_id=old.id), field="replaces")
    if order.currency != old.currency:
        raise CurrencyFixed(
            Sentence("It is paid in %(currency)s.", currency=old.currency), field="replaces", currency=old.currency
        )


def cancel(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """It ends with the period that runs, which is paid for. Cancelling twice changes nothing.

    Raises OrderNotFound, PolicyRefused, NoSubscription, OrderStateConflict when it is over.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:unsubscribe", queries.resource_of(order))
    row = _row(uow, order.id)
    if row.cancelled_at is not None:
        return order.snapshot()
    right = order.entitlement
    if row.ended_at is not None or right is None or right.state != RightState.ACTIVE:
        raise OrderStateConflict("Its periods are over.", state=order.state)
    now = uow.now()
    row.cancelled_at = now
    ends_at = max(row.covered_until, _window(uow, order, row, max(now, right.starts_at)).ends_at)
    if _plan(order, row).kind is Kind.SUBSCRIPTION and row.covered_until > now:
        ends_at = row.covered_until
    right.ends_at = ends_at if right.ends_at is None else min(right.ends_at, ends_at)
    order.version += 1
    note(uow, actor, order, "unsubscribe", decision, data={"ends_at": right.ends_at.isoformat()})
    rights.changed(uow, order)
    uow.session.flush()
    return order.snapshot()


def undo(uow: Uow, order: Order, reason: str) -> None:
    """The delivery failed: what is left of the last fee returns, and no other follows."""
    row = uow.session.get(Subscription, order.id)
    if row is None:
        return
    row.ended_at = uow.now()
    invoice = _last_fee(uow, order.id)
    left = _left_of(uow, invoice) if invoice else 0
    if invoice is not None and left > 0:
        invoicing.refund_part(uow, SYSTEM, invoice, gross=left, reason=reason)


def tend(house: House) -> int:
    """What time decides: periods begin or are over, fees stay unpaid too long or are paid. Answers how much it did."""
    due = house.db.read(_due)
    return each_by_itself(house, due, _turn)


def _due(uow: Uow) -> list[str]:
    """Subscriptions whose period is over, and those whose fee is unpaid or was, the oldest first."""
    owing = sorted(invoices.unpaid_fees(uow, beside=dunning.pauses()))
    waiting = or_(
        Subscription.covered_until <= uow.now(),
        Subscription.suspended_at.is_not(None),
        Subscription.order_id.in_(owing),
        Subscription.order_id.in_(select(Order.id).where(Order.state.not_in(IN_FORCE))),
        Subscription.order_id.in_(select(Entitlement.order_id).where(Entitlement.state != RightState.ACTIVE)),
    )
    chosen = select(Subscription.order_id).where(Subscription.ended_at.is_(None), waiting)
    return list(uow.session.execute(chosen.order_by(Subscription.covered_until).limit(_AT_ONCE)).scalars())


def _turn(uow: Uow, order_id: str) -> bool:
    """Decided anew in this unit, with the order locked."""
    order = uow.session.get_one(Order, order_id, with_for_update={"of": Order}, populate_existing=True)
    row = uow.session.get_one(Subscription, order_id, populate_existing=True)
    if row.ended_at is not None or order.entitlement is None:
        return False
    changed = _watch(uow, order, row)
    if _plan(order, row).kind is Kind.MINIMUM:
        return _true_up(uow, order, row) or changed
    return _renew(uow, order, row) or changed


def _watch(uow: Uow, order: Order, row: Subscription) -> bool:
    """The right rests while a fee is unpaid for longer than the days of grace, and goes on when it is paid."""
    since = invoices.unpaid_fees(uow, beside=dunning.pauses()).get(order.id)
    late = since is not None and since + timedelta(days=uow.house.settings.fee_grace_days) <= uow.now()
    if late == (row.suspended_at is not None):
        return False
    row.suspended_at = uow.now() if late else None
    uow.session.flush()
    rights.changed(uow, order)
    regrading.judge_order(uow, order.id)
    return True


def _renew(uow: Uow, order: Order, row: Subscription) -> bool:
    right, now = order.entitlement, uow.now()
    assert right is not None
    done = False
    while row.covered_until <= now or _is_over(order, right, row):
        if _is_over(order, right, row):
            row.ended_at = now
            return True
        if row.suspended_at is not None:
            return _end_unpaid(uow, order, row)
        if order.frozen_at is not None or right.lacking:
            row.covered_until = now  # time in which nothing could be called is not charged
            return False
        rises.apply(uow, order, row)
        _open_period(uow, order, row, at_once=False)
        order.version += 1
        note(uow, SYSTEM, order, "renew", None, data={"until": row.covered_until.isoformat()})
        done = True
    return done


def _is_over(order: Order, right: Entitlement, row: Subscription) -> bool:
    ended = right.state != RightState.ACTIVE or order.state not in IN_FORCE
    return ended or (right.ends_at is not None and right.ends_at <= row.covered_until)


def _end_unpaid(uow: Uow, order: Order, row: Subscription) -> bool:
    """A subscription whose last fee is unpaid for too long does not get another period."""
    row.ended_at = uow.now()
    rights.end(uow, order)
    note(uow, SYSTEM, order, "end_unpaid", None)
    return True


def _open_period(uow: Uow, order: Order, row: Subscription, *, at_once: bool) -> None:
    """The next period, or the part of it that the right lasts: what it includes, and its fee."""
    plan = _plan(order, row)
    window = _window(uow, order, row, row.covered_until)
    ends_at = _last_moment(order, window)
    part = rating.part_of(window, row.covered_until, ends_at)
    _tell_meter(uow, order, plan, window, part)
    if plan.kind is Kind.MINIMUM:
        return
    assert plan.amount is not None
    full = rating.fee_of(plan.amount, part, _rounding(uow))
    _charge(uow, order, row, "F", window, ends_at, full, at_once=at_once)


def _tell_meter(uow: Uow, order: Order, plan: PricePlan, window: Period, part: Part) -> None:
    if part.is_whole or (plan.included is None and plan.kind is not Kind.MINIMUM):
        return
    assert order.entitlement is not None
    included = None if plan.included is None else rating.units_of(plan.included, part)
    least = rating.fee_of(plan.amount or 0, part, _rounding(uow)) if plan.kind is Kind.MINIMUM else None
    for right in queries.compiled(uow, [order.entitlement.id]):
        usage.begin_part(uow, right, window.label, included=included, amount=least)


def _true_up(uow: Uow, order: Order, row: Subscription) -> bool:
    """What is missing to the minimum of each period that is over and whose usage was invoiced."""
    right, plan, done = order.entitlement, _plan(order, row), False
    assert right is not None
    if order.state not in IN_FORCE or right.state == RightState.REVOKED:
        row.ended_at = uow.now()
        return True
    closed_by = uow.now() - periods.GRACE
    while True:
        window = _window(uow, order, row, row.covered_until)
        ends_at = _last_moment(order, window)
        if _months(uow, order).period_of(ends_at - timedelta(microseconds=1)).ends_at > closed_by:
            return done
        while periods.close_next(uow, right.id, as_of=closed_by):
            pass
        part = rating.part_of(window, row.covered_until, ends_at)
        least = rating.fee_of(plan.amount or 0, part, _rounding(uow)) * UNITS_PER_MINOR
        _, invoiced = settling.window_of(uow, right.id, row.plan_hash or order.plan_hash, window.label)
        _charge(
            uow, order, row, "M", window, ends_at, round_units(max(0, least - invoiced), _rounding(uow)), at_once=False
        )
        done = True
        if ends_at < window.ends_at or (right.ends_at is not None and right.ends_at <= ends_at):
            row.ended_at = uow.now()
            return True
        rises.apply(uow, order, row)
        plan = _plan(order, row)
        _open_period(uow, order, row, at_once=False)


def _charge(
    uow: Uow,
    order: Order,
    row: Subscription,
    letter: str,
    window: Period,
    ends_at: datetime,
    net: int,
    *,
    at_once: bool,
) -> None:
    """Invoice a period, less what a coupon takes off, and write down that it was charged."""
    number = len(_charged(uow, order.id)) + 1
    discount = coupons.taken_off(uow, order.id, net, period=number) if net else None
    invoice_id = None
    if net:
        invoice_id = invoicing.charge_period(
            uow, order_id=order.id, buyer_id=order.buyer_id, supplier_id=order.supplier_id,
            listing_id=order.listing_id, description=_described(order, window), net=net, currency=order.currency,
            span=Span(letter + window.label.replace("-", ""), row.covered_until, ends_at, window.zone, ""),
            discount=discount, at_once=at_once,
        ).id  # fmt: skip
    uow.session.add(
        SubscriptionPeriod(
            order_id=order.id, number=number, label=window.label, starts_at=row.covered_until, ends_at=ends_at,
            plan_hash=row.plan_hash or order.plan_hash, net=net - (discount.amount if discount else 0),
            invoice_id=invoice_id,
        )
    )  # fmt: skip
    row.covered_until = ends_at
    uow.session.flush()


def _described(order: Order, window: Period) -> dict[str, str]:
    title = json.loads(order.title)
    return {language: f"{text} {window.label}" for language, text in title.items() if text}


def _end_replaced(uow: Uow, order: Order, old_id: str) -> None:
    """The old right ends this moment: what is used from now on is used of the new one.

    Of its fee as much returns as of its time is left, and no more than of the units which it included.
    """
    old = uow.session.get_one(Order, old_id, with_for_update={"of": Order}, populate_existing=True)
    row, right, now = _row(uow, old.id), old.entitlement, uow.now()
    if row.ended_at is not None or right is None or not old.has_rights(now):
        raise NotReplaceable(Sentence("%(order_id)s is not in force.", order_id=old.id), field="replaces")
    if order.currency != old.currency:
        raise CurrencyFixed(Sentence("It is paid in %(currency)s.", currency=old.currency), field="replaces")
    plan = _plan(old, row)
    if plan.kind is Kind.SUBSCRIPTION:
        _return_unused(uow, old, row, order.id)
        row.ended_at = now
    right.ends_at = now
    rights.end(uow, old)
    note(uow, SYSTEM, old, "replaced", None, text=order.id)


def _return_unused(uow: Uow, old: Order, row: Subscription, reason: str) -> None:
    invoice, charged, plan = _last_fee(uow, old.id), _charged(uow, old.id), _plan(old, row)
    if invoice is None or not charged or charged[-1].invoice_id != invoice.id or charged[-1].ends_at <= uow.now():
        return
    last = charged[-1]
    assert old.entitlement is not None
    paid_for = Period(last.starts_at, last.ends_at, "", last.label)
    left = rating.part_of(paid_for, uow.now(), last.ends_at)
    whole = rating.part_of(_window(uow, old, row, last.starts_at), last.starts_at, last.ends_at)
    included = rating.units_of(plan.included, whole) if plan.included else 0
    used, _ = settling.window_of(uow, old.entitlement.id, last.plan_hash, last.label)
    back = rating.unused(_left_of(uow, invoice), left, max(0, included - used), included, _rounding(uow))
    if back > 0:
        invoicing.refund_part(uow, SYSTEM, invoice, gross=back, reason=reason)


def _left_of(uow: Uow, invoice: Invoice) -> int:
    return sum(rest.gross for rest in invoices.rests_of(uow, invoice))


def _last_fee(uow: Uow, order_id: str) -> Invoice | None:
    with_invoice = [each for each in _charged(uow, order_id) if each.invoice_id]
    found = {each.id: each for each in invoices.of_order(uow, order_id)} if with_invoice else {}
    return found.get(with_invoice[-1].invoice_id or "") if with_invoice else None


def _going_on(uow: Uow, listing_id: str) -> list[tuple[Order, Subscription]]:
    chosen = (
        select(Order, Subscription)
        .join(Subscription, Subscription.order_id == Order.id)
        .where(Order.listing_id == listing_id, Subscription.ended_at.is_(None))
        .order_by(Order.id)
    )
    return [(order, row) for order, row in uow.session.execute(chosen).unique()]


def _row(uow: Uow, order_id: str) -> Subscription:
    row = uow.session.get(Subscription, order_id, populate_existing=True)
    if row is None:
        raise NoSubscription(Sentence("%(order_id)s is not charged by periods.", order_id=order_id))
    return row


def _charged(uow: Uow, order_id: str) -> Sequence[SubscriptionPeriod]:
    chosen = select(SubscriptionPeriod).where(SubscriptionPeriod.order_id == order_id)
    return uow.session.execute(chosen.order_by(SubscriptionPeriod.number)).scalars().all()


def _months(uow: Uow, order: Order) -> Months:
    return months_of(uow, order.buyer_id)


def _plan(order: Order, row: Subscription) -> PricePlan:
    """The price of now: as it was ordered, until another one that was announced has come to hold."""
    return plans.parse(json.loads(row.plan) if row.plan else order.plan_document)


def _window(uow: Uow, order: Order, row: Subscription, moment: datetime) -> Period:
    return rating.window_of(_plan(order, row), _months(uow, order), moment)


def _last_moment(order: Order, window: Period) -> datetime:
    ends_at = order.entitlement.ends_at if order.entitlement else None
    return window.ends_at if ends_at is None else min(window.ends_at, ends_at)


def _rounding(uow: Uow) -> Rounding:
    return rounding_of(uow.house.settings.tier_profile)


__all__ = ["UNPAID", "OrderState", "begin", "cancel", "check_replaceable", "get", "tend", "undo"]
