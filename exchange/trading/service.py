"""What people do in a trade: place, pay, cancel, accept; and what time does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from billing.coupons import service as coupons
from billing.invoices import service as invoices
from billing.settlement import service as settlement
from billing.taxes import queries as taxes
from billing.usage import service as usage
from catalog.listings import queries as listings
from catalog.listings.types import ListingKind, ListingSnapshot
from compliance.exports import service as exports
from compliance.freezes import service as freezes
from compliance.freezes.types import Frozen
from compliance.identity import queries as identity
from compliance.policy import Decision, declaring, require
from core import plans
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import add_tax, rounding_of
from exchange.trading import negotiating, queries, regrading, requirements, rights, subscriptions, terms
from exchange.trading.contested import disputed_since, refuse_contested
from exchange.trading.drafting import new_order
from exchange.trading.errors import OfferChanged, TermsNotAccepted
from exchange.trading.events import EntitlementChanged
from exchange.trading.models import Order
from exchange.trading.steps import note
from exchange.trading.types import OrderSnapshot, OrderState, Side


def place(
    uow: Uow, actor: Actor, *, listing_id: str, offer_id: str, purpose: str, accept_terms: bool,
    replaces: str | None = None, coupon: str | None = None,
) -> OrderSnapshot:  # fmt: skip
    """Order the current revision at the list price of the offer that the buyer read.

    With ``replaces`` it takes the place of a subscription as soon as it is paid, with ``coupon`` it costs less. Raises
    what ``subscriptions.check_replaceable`` and ``coupons.redeem`` do, too.
    The order is placed at once, or agreed while something is needed first: a signature, an approval, another person.
    Raises ListingNotFound, PolicyRefused, OfferChanged, PurposeNotOffered, TermsNotAccepted, NotSellableYet.
    Nothing is held or paid yet.
    """
    listing = listings.get(uow, actor, listing_id)
    declared = declaring(actor, purpose)
    decision = require(actor, "listing:order", listings.resource_of(uow.house, listing), declared)
    _check_offer(listing, offer_id, purpose, accept_terms)
    assert actor.organisation_id is not None
    row = requirements.tier_row(uow, listing.tier)
    document = terms.parse(terms.at_list_price(listing, row, purpose, declared["territory"] or ""), kind=listing.kind)
    split = negotiating.price(uow, actor.organisation_id, listing.kind, document["plan"], field="offer_id")
    order = new_order(uow, actor.organisation_id, listing, purpose, split, OrderState.AGREED)
    negotiating.fix(uow, order, listing, document)
    order.replaces = replaces
    subscriptions.check_replaceable(uow, actor, order)
    if coupon is not None:
        _take_off(uow, order, coupon)
    requirements.open_all(uow, actor, order, {Side.BUYER: actor.account_id or ""}, decision)
    return order.snapshot()


def pay(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """Pay from the prepaid balance; the licence and the entitlement come to exist in the same unit.

    What is priced by usage costs nothing yet. For an interface the access is the delivery: it is delivered at once.
    Raises OrderNotFound, PolicyRefused, OrderStateConflict, OrderNotPermitted when its tier rose or it was stopped
    since, BalanceTooLow, ExportThresholdReached and its kin.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:pay", queries.resource_of(order))
    order.refuse_late(uow.now())
    order.step("pay", uow.now())
    requirements.refuse_outgrown(uow, order)
    order.paid_at = uow.now()
    order.invoice_id = new_id("inv") if order.gross else None  # nothing to pay, nothing to invoice
    exports.settle(uow, order.id)
    begins_at = rights.grant(uow, order)
    order.accept_by = begins_at + timedelta(days=uow.house.settings.acceptance_days)
    note(uow, actor, order, "pay", decision)
    if order.kind == ListingKind.INTERFACE:
        _deliver(uow, SYSTEM, order)
        for right in queries.compiled(uow, [order.entitlement.id] if order.entitlement else []):
            usage.open_meter(uow, right)
    uow.session.flush()
    subscriptions.begin(uow, order, begins_at)
    _charge(uow, order)  # last: from here on others wait for the balance and for the number of the invoice
    return order.snapshot()


def cancel(uow: Uow, actor: Actor, order_id: str, *, reason: str) -> OrderSnapshot:
    """Cancel before payment. Raises OrderNotFound, PolicyRefused, OrderStateConflict."""
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:cancel", queries.resource_of(order))
    order.step("cancel", uow.now())
    order.reason = reason
    requirements.give_up(uow, order)
    note(uow, actor, order, "cancel", decision, text=reason)
    return order.snapshot()


def accept(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """The buyer accepts the delivery; the supplier's money becomes available, less the commission."""
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:accept", queries.resource_of(order))
    refuse_contested(uow, order)
    order.step("accept", uow.now())
    _settle(uow, order)
    note(uow, actor, order, "accept", decision)
    return order.snapshot()


def fail_delivery(uow: Uow, actor: Actor, order_id: str, *, reason: str) -> OrderSnapshot:
    """The delivery failed: the buyer gets all of the money back, the rights end.

    Raises OrderNotFound, PolicyRefused (a buyer disputes instead), OrderStateConflict.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:fail", queries.resource_of(order))
    refuse_contested(uow, order)
    return _fail(uow, actor, order, decision, reason)


def fail_delivery_by_system(uow: Uow, order_id: str, *, reason: str) -> OrderSnapshot | None:
    """The platform itself cannot deliver the bytes it keeps: refund at once. None when it is too late, or stopped."""
    order = uow.session.get(Order, order_id, with_for_update={"of": Order})
    if order is None or order.frozen_at or order.state not in (OrderState.PAID, OrderState.DELIVERED):
        return None
    if disputed_since(uow, order) is not None:
        return None
    return _fail(uow, SYSTEM, order, None, reason)


def withhold_delivery(uow: Uow, order_id: str, *, reason: str) -> bool:
    """What was accepted cannot be handed out any more, as its tier of now asks for more than it can carry.

    The parties are told, and the buyer may dispute it from then on, whatever its age. False when it is not accepted.
    """
    order = uow.session.get_one(Order, order_id, with_for_update={"of": Order})
    if order.state != OrderState.ACCEPTED:
        return False
    order.version += 1
    note(uow, SYSTEM, order, "withhold", None, text=reason)
    return True


def mark_delivered(uow: Uow, actor: Actor, order_id: str) -> None:
    """Every file was fetched in full for the first time. Idempotent."""
    order = uow.session.get_one(Order, order_id, with_for_update={"of": Order})
    if order.state == OrderState.PAID:
        _deliver(uow, actor, order)


def freeze(uow: Uow, actor: Actor, order_id: str, *, reason: str) -> OrderSnapshot:
    """Stop payment, downloads and calls until it is released; both parties see the reason.

    What is on hold for the supplier stays on hold.
    Raises OrderNotFound, PolicyRefused, OrderStateConflict.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:freeze", queries.resource_of(order))
    order.freeze(reason, uow.now())
    settlement.withhold(uow, order_id=order.id)
    rights.changed(uow, order)
    freezes.enter(uow, Frozen.ORDER, order.id, reason=reason)
    note(uow, actor, order, "freeze", decision, text=reason)
    return order.snapshot()


def release(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """Undo a freeze; the time to pay and to answer is longer by as long as it lasted.

    Raises OrderNotFound, PolicyRefused, OrderStateConflict.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:release", queries.resource_of(order))
    order.release(uow.now(), disputed_since(uow, order))
    settlement.let_go(uow, order_id=order.id)
    rights.changed(uow, order)
    freezes.strike(uow, order.id)
    note(uow, actor, order, "release", decision)
    return order.snapshot()


def tick(house: House) -> int:
    """Carry out what time decides: unpaid orders and licences end, deliveries not answered in time are accepted."""
    due = house.db.read(lambda uow: queries.due(uow, uow.now()))
    for order_id, step in due:
        house.db.write(lambda uow, order_id=order_id, step=step: _overdue(uow, order_id, step))  # type: ignore[misc]
    return len(due)


def follow_qualifications(house: House) -> int:
    """Tell of the rights whose holder's qualification has ended by time since the last look, a day back at first.

    Answers how many; telling twice changes nothing.
    """
    now = house.clock.now()
    since, _looked[id(house)] = _looked.get(id(house), now - _FIRST_LOOK_BACK), now
    return house.db.write(lambda uow: _tell(uow, identity.qualifications_ended(uow, since, now)))


_FIRST_LOOK_BACK = timedelta(days=1)
_looked: dict[int, datetime] = {}


def _tell(uow: Uow, holders: list[str]) -> int:
    found = [each for holder in holders for each in queries.entitlement_ids(uow, organisation_id=holder)]
    for entitlement_id in found:
        uow.emit(EntitlementChanged(entitlement_id=entitlement_id))
    for holder in holders:
        regrading.judge_holder(uow, holder)
    return len(found)


def _overdue(uow: Uow, order_id: str, step: str) -> None:
    order = uow.session.get_one(Order, order_id, with_for_update={"of": Order})
    if (order_id, step) not in queries.due(uow, uow.now()):
        return  # somebody acted in between
    if step == "lapse":
        rights.end(uow, order)
    else:
        order.step(step, uow.now())
    if step == "accept_overdue":
        _settle(uow, order)
    elif step == "expire":
        order.reason = "not paid in time"
        requirements.give_up(uow, order)
    elif step == "expire_terms":
        order.turn, order.reason = "", "not answered in time"
        requirements.give_up(uow, order)
    note(uow, SYSTEM, order, step, None)


def _deliver(uow: Uow, actor: Actor, order: Order) -> None:
    order.step("deliver", uow.now())
    order.delivered_at = uow.now()
    note(uow, actor, order, "deliver", None)


def _check_offer(listing: ListingSnapshot, offer_id: str, purpose: str, accept_terms: bool) -> None:
    offer = listing.offer
    if offer is None or listing.revision is None or offer.id != offer_id:
        current = offer.id if offer else None
        raise OfferChanged("Read the listing again, then order.", field="offer_id", current_offer_id=current)
    negotiating.check_purpose(listing, purpose)
    if not accept_terms:
        raise TermsNotAccepted("Read the licence, then send accept_terms true.", field="accept_terms")


def _charge(uow: Uow, order: Order) -> None:
    if order.invoice_id is None:
        return
    title = json.loads(order.title)
    full = _list_price(order)
    invoices.charge(
        uow, invoice_id=order.invoice_id, order_id=order.id, buyer_id=order.buyer_id, supplier_id=order.supplier_id,
        listing_id=order.listing_id,
        description=title.get("zh") or title.get("en", ""), net=full, currency=order.currency,
        agreed_gross=order.gross, discount=coupons.taken_off(uow, order.id, full),
    )  # fmt: skip


def _list_price(order: Order) -> int:
    """Before any coupon."""
    return plans.parse(order.plan_document).list_price(order.currency) or 0


def _take_off(uow: Uow, order: Order, code: str) -> None:
    """The order costs less by the coupon; of what goes on, its first periods do."""
    net, settings = _list_price(order), uow.house.settings
    taken = coupons.redeem(
        uow, code=code, order_id=order.id, organisation_id=order.buyer_id, supplier_id=order.supplier_id,
        listing_id=order.listing_id, net=net, currency=order.currency,
    )  # fmt: skip
    if order.net:
        rate_bp = taxes.rate_bp(uow, order.buyer_id)
        split = add_tax(net - taken.amount, rate_bp, rounding_of(settings.tier_profile))
        order.net, order.tax, order.gross = split.net, split.tax, split.gross


def _settle(uow: Uow, order: Order) -> None:
    if order.gross > 0:
        settlement.release(uow, order_id=order.id)


def _fail(uow: Uow, actor: Actor, order: Order, decision: Decision | None, reason: str) -> OrderSnapshot:
    order.step("fail", uow.now())
    order.reason = reason
    if order.gross > 0:
        invoices.refund(uow, order_id=order.id, reason=reason)
    subscriptions.undo(uow, order, reason)
    rights.revoke(uow, order)
    note(uow, actor, order, "fail", decision, text=reason)
    return order.snapshot()


__all__ = [
    "accept",
    "cancel",
    "fail_delivery",
    "fail_delivery_by_system",
    "follow_qualifications",
    "freeze",
    "mark_delivered",
    "pay",
    "place",
    "release",
    "tick",
    "withhold_delivery",
]
