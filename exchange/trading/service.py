"""What people do in a trade: place, pay, cancel, accept; and what time does."""

from __future__ import annotations

import calendar
import hashlib
import json
from datetime import datetime, timedelta

from billing.invoices import service as invoices
from billing.settlement import service as settlement
from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from compliance.audit.service import record
from compliance.policy import Decision, require
from core import plans
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import TaxSplit, add_tax, rounding_of
from exchange.trading import queries
from exchange.trading.errors import NotSellableYet, OfferChanged, PurposeNotOffered, TermsNotAccepted
from exchange.trading.events import OrderChanged
from exchange.trading.models import Entitlement, Licence, Order, OrderStep
from exchange.trading.types import OrderSnapshot, OrderState


def place(uow: Uow, actor: Actor, *, listing_id: str, offer_id: str, purpose: str, accept_terms: bool) -> OrderSnapshot:
    """Order the current revision at the list price of the offer that the buyer read.

    Raises ListingNotFound, PolicyRefused, OfferChanged, PurposeNotOffered, TermsNotAccepted, NotSellableYet.
    Nothing is held or paid yet.
    """
    listing = listings.get(uow, actor, listing_id)
    decision = require(actor, "listing:order", listings.resource_of(listing), {"purpose": purpose})
    split = _price(uow, listing, offer_id, purpose, accept_terms)
    order = _new_order(uow, actor, listing, purpose, split)
    uow.session.add(order)
    uow.session.flush()
    _note(uow, actor, order, "place", decision)
    return order.snapshot()


def pay(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """Pay from the prepaid balance; the licence and the entitlement come to exist in the same unit.

    Raises OrderNotFound, PolicyRefused, OrderStateConflict, BalanceTooLow.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:pay", queries.resource_of(order))
    order.step("pay", uow.now())
    order.paid_at = uow.now()
    order.accept_by = uow.now() + timedelta(days=uow.house.settings.acceptance_days)
    _charge(uow, order)
    _grant(uow, order)
    _note(uow, actor, order, "pay", decision)
    return order.snapshot()


def cancel(uow: Uow, actor: Actor, order_id: str, *, reason: str) -> OrderSnapshot:
    """Cancel before payment. Raises OrderNotFound, PolicyRefused, OrderStateConflict."""
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:cancel", queries.resource_of(order))
    order.step("cancel", uow.now())
    order.reason = reason
    _note(uow, actor, order, "cancel", decision, note=reason)
    return order.snapshot()


def accept(uow: Uow, actor: Actor, order_id: str) -> OrderSnapshot:
    """The buyer accepts the delivery; the supplier's money becomes available, less the commission."""
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:accept", queries.resource_of(order))
    order.step("accept", uow.now())
    _settle(uow, order)
    _note(uow, actor, order, "accept", decision)
    return order.snapshot()


def fail_delivery(uow: Uow, actor: Actor, order_id: str, *, reason: str) -> OrderSnapshot:
    """The delivery failed: the buyer gets all of the money back, the rights end.

    Raises OrderNotFound, PolicyRefused (a buyer disputes instead), OrderStateConflict.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:fail", queries.resource_of(order))
    return _fail(uow, actor, order, decision, reason)


def fail_delivery_by_system(uow: Uow, order_id: str, *, reason: str) -> OrderSnapshot | None:
    """The platform itself cannot deliver the bytes it keeps: refund at once. None when it is too late for that."""
    order = uow.session.get(Order, order_id, with_for_update=True)
    if order is None or order.state not in (OrderState.PAID, OrderState.DELIVERED):
        return None
    return _fail(uow, SYSTEM, order, None, reason)


def mark_delivered(uow: Uow, actor: Actor, order_id: str) -> None:
    """Every file was fetched in full for the first time. Idempotent."""
    order = uow.session.get_one(Order, order_id, with_for_update=True)
    if order.state != OrderState.PAID:
        return
    order.step("deliver", uow.now())
    order.delivered_at = uow.now()
    _note(uow, actor, order, "deliver", None)


def tick(house: House) -> int:
    """Carry out what time decides: unpaid orders end, deliveries not answered in time are accepted."""
    due = house.db.read(lambda uow: queries.due(uow, uow.now()))
    for order_id, step in due:
        house.db.write(lambda uow, order_id=order_id, step=step: _overdue(uow, order_id, step))  # type: ignore[misc]
    return len(due)


def _overdue(uow: Uow, order_id: str, step: str) -> None:
    order = uow.session.get_one(Order, order_id, with_for_update=True)
    if (order_id, step) not in queries.due(uow, uow.now()):
        return  # somebody acted in between
    order.step(step, uow.now())
    if step == "accept_overdue":
        _settle(uow, order)
    else:
        order.reason = "not paid in time"
    _note(uow, SYSTEM, order, step, None)


def _price(uow: Uow, listing: ListingSnapshot, offer_id: str, purpose: str, accept_terms: bool) -> TaxSplit:
    offer = listing.offer
    if offer is None or listing.revision is None or offer.id != offer_id:
        current = offer.id if offer else None
        raise OfferChanged("Read the listing again, then order.", field="offer_id", current_offer_id=current)
    if purpose not in offer.purposes:
        raise PurposeNotOffered(
            f"Offered purposes: {', '.join(offer.purposes)}.", field="purpose", offered=list(offer.purposes)
        )
    if not accept_terms:
        raise TermsNotAccepted("Read the licence, then send accept_terms true.", field="accept_terms")
    plan = plans.parse(offer.plan)
    if not plan.sellable_now:
        raise NotSellableYet(f"The plan is of the kind {plan.kind}.", field="offer_id")
    net = plan.list_price(uow.house.settings.currency)
    if net is None:  # never read as nothing to pay
        raise NotSellableYet(f"The price is not in {uow.house.settings.currency}.", field="offer_id")
    return add_tax(net, uow.house.settings.tax_rate_bp, rounding_of(uow.house.settings.tier_profile))


def _new_order(uow: Uow, actor: Actor, listing: ListingSnapshot, purpose: str, split: TaxSplit) -> Order:
    assert listing.offer is not None
    assert listing.revision is not None
    assert actor.organisation_id is not None
    terms = json.dumps(dict(listing.licence_terms), ensure_ascii=False, sort_keys=True)
    return Order(
        id=new_id("ord"), listing_id=listing.id, revision_id=listing.revision.id,
        revision_number=listing.revision.number, offer_id=listing.offer.id,
        title=json.dumps(dict(listing.title), ensure_ascii=False), tier=listing.tier,
        buyer_id=actor.organisation_id, supplier_id=listing.supplier_id,
        plan=json.dumps(dict(listing.offer.plan), ensure_ascii=False), plan_hash=plans.plan_hash(listing.offer.plan),
        currency=uow.house.settings.currency, net=split.net, tax=split.tax, gross=split.gross, purpose=purpose,
        terms=terms, terms_hash=hashlib.sha256(terms.encode()).hexdigest(), term_months=listing.offer.term_months,
        state=OrderState.PLACED, created_at=uow.now(), version=1, licence=None, entitlement=None,
        pay_by=uow.now() + timedelta(days=uow.house.settings.payment_days),
    )  # fmt: skip


def _charge(uow: Uow, order: Order) -> None:
    if order.gross == 0:
        return  # nothing to invoice
    title = json.loads(order.title)
    invoice = invoices.charge(
        uow, order_id=order.id, buyer_id=order.buyer_id, supplier_id=order.supplier_id, listing_id=order.listing_id,
        description=title.get("zh") or title.get("en", ""), net=order.net, currency=order.currency,
        agreed_gross=order.gross,
    )  # fmt: skip
    order.invoice_id = invoice.id


def _settle(uow: Uow, order: Order) -> None:
    if order.gross > 0:
        settlement.release(uow, order_id=order.id)


def _grant(uow: Uow, order: Order) -> None:
    ends_at = _months_later(uow.now(), order.term_months) if order.term_months else None
    licence = Licence(
        id=new_id("lic"), order_id=order.id, licensee_id=order.buyer_id, purpose=order.purpose, terms=order.terms,
        terms_hash=order.terms_hash, starts_at=uow.now(), ends_at=ends_at,
    )  # fmt: skip
    uow.session.add(licence)
    uow.session.flush()
    entitlement = Entitlement(
        id=new_id("ent"), order_id=order.id, licence_id=licence.id, holder_id=order.buyer_id, state="active",
        starts_at=uow.now(), ends_at=ends_at,
    )  # fmt: skip
    uow.session.add(entitlement)
    uow.session.flush()
    uow.session.refresh(order, ["licence", "entitlement"])


def _fail(uow: Uow, actor: Actor, order: Order, decision: Decision | None, reason: str) -> OrderSnapshot:
    order.step("fail", uow.now())
    order.reason = reason
    if order.gross > 0:
        invoices.refund(uow, order_id=order.id, reason=reason)
    if order.entitlement is not None:
        order.entitlement.state = "revoked"
    _note(uow, actor, order, "fail", decision, note=reason)
    return order.snapshot()


def _note(uow: Uow, actor: Actor, order: Order, action: str, decision: Decision | None, *, note: str = "") -> None:
    """The step's audit entry, its row in the order's story, and its event: one unit with the change itself.

    A step moves the order's version, so the version numbers the story.
    """
    data = {
        "state": order.state, "buyer": order.buyer_id, "supplier": order.supplier_id, "listing": order.listing_id,
        "revision": order.revision_id, "currency": order.currency, "gross": str(order.gross), "net": str(order.net),
        "tax": str(order.tax), "purpose": order.purpose, "terms_hash": order.terms_hash, "plan_hash": order.plan_hash,
    }  # fmt: skip
    if order.licence is not None:
        data |= {"licence": order.licence.id}
    if order.invoice_id:
        data |= {"invoice": order.invoice_id}
    entry_id = record(
        uow, actor, action=f"order:{action}", object_id=order.id, object_version=order.version, tier=order.tier,
        decision=decision, data=data, concerns=[order.buyer_id, order.supplier_id],
    )  # fmt: skip
    uow.session.add(
        OrderStep(
            order_id=order.id, number=order.version, state=order.state, action=action,
            at=uow.now(), by=_side(actor, order), note=note, audit_entry_id=entry_id,
            decision=json.dumps(decision.as_dict(), ensure_ascii=False) if decision else None,
        )
    )  # fmt: skip
    uow.emit(OrderChanged(order_id=order.id, state=order.state))


def _side(actor: Actor, order: Order) -> str:
    if actor.organisation_id == order.buyer_id:
        return "buyer"
    return "supplier" if actor.organisation_id == order.supplier_id else "platform"


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months on, or the month's last."""
    year, month = divmod(moment.month - 1 + months, 12)
    year += moment.year
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


__all__ = ["accept", "cancel", "fail_delivery", "fail_delivery_by_system", "mark_delivered", "pay", "place", "tick"]
