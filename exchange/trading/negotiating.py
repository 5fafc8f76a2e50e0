"""From an inquiry to agreed terms: what buyer and supplier say and offer to each other on one order."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from billing.taxes import queries as taxes
from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from compliance.exports import service as exports
from compliance.identity import queries as identity
from compliance.policy import Decision, require
from core import plans
from core.actor import Actor
from core.db import Uow
from core.ids import new_id
from core.money import TaxSplit, add_tax, rounding_of
from core.problems import Sentence
from exchange.trading import marks, queries, requirements, terms
from exchange.trading.drafting import new_order
from exchange.trading.errors import (
    NoSuchBuyer,
    NotSellableYet,
    OfferChanged,
    OrderStateConflict,
    OwnTerms,
    PurposeNotOffered,
    TalkTooLong,
    TermsChanged,
)
from exchange.trading.models import Order
from exchange.trading.steps import note
from exchange.trading.thread import Message
from exchange.trading.types import MessageKind, OrderSnapshot, OrderState, Side

MOST_ACTS = 500
"""So many words and terms, of both sides together, one order's talk may hold."""
_NOTHING = TaxSplit(0, 0, 0)
_AGREED_TO = (OrderState.AGREED, OrderState.PLACED)


def inquire(uow: Uow, actor: Actor, *, listing_id: str, purpose: str, text: str) -> OrderSnapshot:
    """A buyer asks a supplier for a quote; the order begins here, with nothing to pay.

    Raises ListingNotFound, PolicyRefused, PurposeNotOffered.
    """
    listing = listings.get(uow, actor, listing_id)
    decision = require(actor, "listing:inquire", listings.resource_of(uow.house, listing), {"purpose": purpose})
    check_purpose(listing, purpose)
    assert actor.organisation_id is not None
    order = new_order(uow, actor.organisation_id, listing, purpose, _NOTHING, OrderState.INQUIRED)
    _say(uow, actor, order, MessageKind.INQUIRY, Side.BUYER, text)
    note(uow, actor, order, "inquire", decision)
    return order.snapshot()


def offer(
    uow: Uow, actor: Actor, *, listing_id: str, buyer_id: str, given: Mapping[str, Any], text: str = ""
) -> OrderSnapshot:
    """A supplier offers one of its listings to one buyer, at terms that nobody else sees.

    Raises ListingNotFound, PolicyRefused, NoSuchBuyer, TermsInvalid, TermsBelowTier, PurposeNotOffered.
    """
    listing = listings.get(uow, actor, listing_id)
    decision = require(actor, "listing:offer", listings.resource_of(uow.house, listing))
    if buyer_id == actor.organisation_id or buyer_id not in identity.organisations(uow, [buyer_id]):
        raise NoSuchBuyer(field="buyer_id")
    purpose = _first_purpose(given, listing)
    order = new_order(uow, buyer_id, listing, purpose, _NOTHING, OrderState.OFFERED)
    _put(uow, actor, order, listing, Side.SUPPLIER, given, text)
    note(uow, actor, order, "offer", decision)
    return order.snapshot()


def say(uow: Uow, actor: Actor, order_id: str, *, text: str, in_reply_to: str | None = None) -> OrderSnapshot:
    """A question or an answer; the same words twice in reply to the same act are one.

    Raises OrderNotFound, PolicyRefused, OrderStateConflict, TalkTooLong, TermsChanged when there is no such act to
    reply to.
    """
    order, side, decision = _for_talk(uow, actor, order_id)
    known = _message(uow, order, in_reply_to) if in_reply_to else None
    if in_reply_to and known is None:
        raise TermsChanged("There is nothing by that id to reply to.", field="in_reply_to", head=order.head)
    if _again(uow, actor, order, MessageKind.WORDS, text, in_reply_to, ""):
        return order.snapshot()
    _refuse_endless(order)
    order.version += 1
    _say(uow, actor, order, MessageKind.WORDS, side, text, in_reply_to=in_reply_to)
    note(uow, actor, order, "say", decision)
    return order.snapshot()


def propose(
    uow: Uow, actor: Actor, order_id: str, *, in_reply_to: str, given: Mapping[str, Any], text: str = ""
) -> OrderSnapshot:
    """Terms in answer to the inquiry or to the terms on the table; fields left out stay as they stand there.

    The same terms twice in reply to the same act are one. Raises OrderNotFound, PolicyRefused (a buyer may offer only
    what it may order), OrderStateConflict, TalkTooLong, TermsChanged, TermsInvalid, TermsBelowTier, PurposeNotOffered.
    """
    order, side, decision = _for_talk(uow, actor, order_id)
    listing = _listing(uow, order)
    document = _document(uow, order, listing, given)
    if _again(uow, actor, order, MessageKind.TERMS, text, in_reply_to, terms.digest(document)):
        return order.snapshot()
    _check_head(order, in_reply_to)
    _refuse_endless(order)
    if side is Side.BUYER:
        decision = may_order(uow, actor, listing, document)
    order.step("propose", uow.now())
    _put(uow, actor, order, listing, side, document, text, in_reply_to=in_reply_to)
    note(uow, actor, order, "propose", decision)
    return order.snapshot()


def agree(uow: Uow, actor: Actor, order_id: str, *, in_reply_to: str) -> OrderSnapshot:
    """The other side's terms are accepted as they stand: they are fixed, and what they require is open from now.

    Raises OrderNotFound, PolicyRefused, OrderStateConflict, TermsChanged, OwnTerms, TermsBelowTier, NotSellableYet.
    """
    order, side, decision = _for_talk(uow, actor, order_id, also=_AGREED_TO)
    if order.state in _AGREED_TO and _again(uow, actor, order, MessageKind.AGREEMENT, "", in_reply_to, ""):
        return order.snapshot()
    _check_head(order, in_reply_to)
    on_table = _message(uow, order, in_reply_to)
    order.step("agree", uow.now())
    assert on_table is not None
    assert on_table.terms is not None
    if on_table.side == side:
        raise OwnTerms(field="in_reply_to")
    listing, document = _listing(uow, order), json.loads(on_table.terms)
    listing = replace(listing, tier=requirements.tier_now(uow, order))  # another revision may have followed the order's
    if side is Side.BUYER:
        decision = may_order(uow, actor, listing, document)
    fix(uow, order, listing, document)
    _say(uow, actor, order, MessageKind.AGREEMENT, side, "", in_reply_to=in_reply_to, sha256=on_table.sha256)
    first = {str(side): actor.account_id or "", on_table.side: on_table.account_id}
    note(uow, actor, order, "agree", decision)
    requirements.open_all(uow, actor, order, first)
    return order.snapshot()


def decline(uow: Uow, actor: Actor, order_id: str, *, in_reply_to: str | None, reason: str = "") -> OrderSnapshot:
    """Either side ends it before there is anything to pay; what was agreed at the list price has no act to refer to.

    Raises OrderNotFound, PolicyRefused, OrderStateConflict, TermsChanged.
    """
    order, side, decision = _for_talk(uow, actor, order_id, also=_AGREED_TO[:1])
    _check_head(order, in_reply_to)
    order.step("decline", uow.now())
    order.turn, order.answer_by, order.reason = "", None, reason
    _say(uow, actor, order, MessageKind.REFUSAL, side, reason, in_reply_to=in_reply_to)
    note(uow, actor, order, "decline", decision, text=reason)
    requirements.give_up(uow, order)
    return order.snapshot()


def fix(uow: Uow, order: Order, listing: ListingSnapshot, document: Mapping[str, Any]) -> None:
    """The terms become the order's: its price, purpose, revision and months.

    What would leave the country is counted from now on. Raises NotSellableYet, TermsBelowTier, WatermarkUnavailable,
    ExportBlocked, ExportThresholdReached, ExportNotCountable.
    """
    terms.check_tier(document, requirements.tier_row(uow, listing.tier), listing.kind)
    marks.require_markable(
        uow, kind=listing.kind, revision_id=document["revision"], tier=listing.tier, agreed=document["watermark"],
        by_row="api" in document["deliveries"],
    )  # fmt: skip
    exports.reserve(
        uow, order.id, supplier_id=order.supplier_id, buyer_country=requirements.country(uow, order),
        territories=_reached(uow, document), revision=listings.revision(uow, document["revision"]), tier=listing.tier,
    )  # fmt: skip
    split = price(uow, order.buyer_id, listing.kind, document["plan"], field="terms.plan")
    order.tier = listing.tier
    order.revision_id = document["revision"]
    order.revision_number = requirements.revision_number(uow, order, listing)
    order.plan, order.plan_hash = json.dumps(document["plan"], ensure_ascii=False), plans.plan_hash(document["plan"])
    order.limits = json.dumps(document["limits"], sort_keys=True) if document["limits"] else None
    order.net, order.tax, order.gross = split.net, split.tax, split.gross
    order.purpose, order.term_months = document["purposes"][0], document["term_months"]
    order.agreement, order.agreement_hash = terms.canonical(document).decode(), terms.digest(document)
    order.turn, order.answer_by = "", uow.now() + timedelta(days=uow.house.settings.answer_days)


def _reached(uow: Uow, document: Mapping[str, Any]) -> list[str]:
    """The countries in which the data is used, and those of everybody who may receive it."""
    recipients = identity.organisations(uow, document["recipients"]).values()
    return [*document["territories"], *(each.country for each in recipients)]


def check_purpose(listing: ListingSnapshot, purpose: str, *, field: str = "purpose") -> None:
    """Raises PurposeNotOffered."""
    offered = listing.offer.purposes if listing.offer else ()
    if purpose not in offered:
        raise PurposeNotOffered(
            Sentence("Offered purposes: %(names)s.", names=", ".join(offered)), field=field, offered=list(offered)
        )


def price(uow: Uow, buyer_id: str, kind: str, plan: Mapping[str, Any], *, field: str) -> TaxSplit:
    """What an order under the plan costs its buyer at once. Raises NotSellableYet for what nothing can charge yet."""
    parsed = plans.parse(plan)
    settings = uow.house.settings
    if not parsed.sellable_now(kind):
        raise NotSellableYet(
            Sentence("The plan is of the kind %(kind)s.", kind=parsed.kind), field=field, kind=str(parsed.kind)
        )
    net = parsed.list_price(settings.currency)
    if net is None:  # never read as nothing to pay
        raise NotSellableYet(Sentence("The price is not in %(currency)s.", currency=settings.currency), field=field)
    at_once = 0 if parsed.by_period else net  # its periods are invoiced one by one
    return add_tax(at_once, taxes.rate_bp(uow, buyer_id), rounding_of(settings.tier_profile))


def may_order(uow: Uow, actor: Actor, listing: ListingSnapshot, document: Mapping[str, Any]) -> Decision:
    """Policy's permission for the buyer to order this listing now. Raises PolicyRefused."""
    return require(actor, "listing:order", listings.resource_of(uow.house, listing), requirements.context(document))


def _for_talk(
    uow: Uow, actor: Actor, order_id: str, *, also: Sequence[OrderState] = ()
) -> tuple[Order, Side, Decision]:  # fmt: skip
    order = queries.load(uow, actor, order_id, lock=True)
    decision = require(actor, "order:negotiate", queries.resource_of(order))
    if order.state not in (OrderState.INQUIRED, OrderState.OFFERED, *also):
        raise OrderStateConflict(
            Sentence("The order is %(state)s.", state=order.state), state=order.state,
            hint="Terms can be spoken of until they are agreed.",
        )  # fmt: skip
    order.refuse_late(uow.now())
    return order, Side.BUYER if actor.organisation_id == order.buyer_id else Side.SUPPLIER, decision


def _refuse_endless(order: Order) -> None:
    if order.version >= MOST_ACTS:
        raise TalkTooLong(Sentence("It holds %(most)s.", most=MOST_ACTS), hint="Agree, decline, or begin anew.")


def _check_head(order: Order, in_reply_to: str | None) -> None:
    if order.head != in_reply_to:
        raise TermsChanged("Read them again, then answer.", field="in_reply_to", head=order.head)


def _put(
    uow: Uow, actor: Actor, order: Order, listing: ListingSnapshot, side: Side, given: Mapping[str, Any], text: str,
    *, in_reply_to: str | None = None,
) -> None:  # fmt: skip
    document = _document(uow, order, listing, given)
    terms.check_tier(document, requirements.tier_row(uow, listing.tier), listing.kind)
    price(uow, order.buyer_id, listing.kind, document["plan"], field="terms.plan")
    for purpose in document["purposes"]:
        check_purpose(listing, purpose, field="terms.purposes")
    order.revision_id, order.purpose, order.tier = document["revision"], document["purposes"][0], listing.tier
    body = terms.canonical(document).decode()
    _say(
        uow, actor, order, MessageKind.TERMS, side, text, in_reply_to=in_reply_to, body=body,
        sha256=terms.digest(document),
    )  # fmt: skip


def _document(uow: Uow, order: Order, listing: ListingSnapshot, given: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document: what is given, over the terms on the table, over what the listing and the tier say."""
    assert listing.revision is not None
    on_table = _message(uow, order, order.head) if order.head else None
    if on_table is not None and on_table.terms:
        standing = json.loads(on_table.terms)
    else:
        row = requirements.tier_row(uow, listing.tier)
        standing = terms.at_list_price(listing, row, order.purpose, requirements.country(uow, order))
    current = {"version": terms.VERSION, "revision": listing.revision.id}
    return terms.parse({**standing, **given, **current}, kind=listing.kind)


def _say(
    uow: Uow, actor: Actor, order: Order, kind: MessageKind, side: Side, text: str, *, in_reply_to: str | None = None,
    body: str | None = None, sha256: str = "",
) -> Message:  # fmt: skip
    message = Message(
        id=new_id("msg"), order_id=order.id, number=order.version, kind=kind, side=side,
        account_id=actor.account_id or "", text=text, in_reply_to=in_reply_to, terms=body, sha256=sha256, at=uow.now(),
    )  # fmt: skip
    uow.session.add(message)
    uow.session.flush()
    if kind in (MessageKind.INQUIRY, MessageKind.TERMS):
        order.head = message.id
    if kind in (MessageKind.INQUIRY, MessageKind.TERMS, MessageKind.WORDS):
        order.turn = Side.SUPPLIER if side is Side.BUYER else Side.BUYER
        order.answer_by = uow.now() + timedelta(days=uow.house.settings.answer_days)
    return message


def _message(uow: Uow, order: Order, message_id: str) -> Message | None:
    found = uow.session.get(Message, message_id)
    return found if found is not None and found.order_id == order.id else None


def _again(
    uow: Uow, actor: Actor, order: Order, kind: MessageKind, text: str, in_reply_to: str | None, sha256: str
) -> bool:
    """Whether the actor's organisation said exactly this before, in reply to the same."""
    side = Side.BUYER if actor.organisation_id == order.buyer_id else Side.SUPPLIER
    chosen = select(Message.id).where(
        Message.order_id == order.id, Message.kind == kind, Message.side == side, Message.text == text,
        Message.in_reply_to == in_reply_to if in_reply_to else Message.in_reply_to.is_(None),
    )  # fmt: skip
    if kind is MessageKind.TERMS:
        chosen = chosen.where(Message.sha256 == sha256)
    return uow.session.execute(chosen.limit(1)).first() is not None


def _listing(uow: Uow, order: Order) -> ListingSnapshot:
    """The listing as it stands now, whoever may see it: a party of the order knows of it already."""
    listing = listings.many(uow, [order.listing_id])[order.listing_id]
    if listing.offer is None or listing.revision is None:
        raise OfferChanged("The listing has no offer any more.")
    return listing


def _first_purpose(given: Mapping[str, Any], listing: ListingSnapshot) -> str:
    assert listing.offer is not None
    named = given.get("purposes")
    good = isinstance(named, list) and named and isinstance(named[0], str)
    return str(named[0])[:60] if good and named else listing.offer.purposes[0]
