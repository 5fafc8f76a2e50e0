"""What agreed terms still need before there is anything to pay: signatures, second people, approvals.

Each is a row of one side. Whoever meets the last one places the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from billing.coupons import service as coupons
from catalog.listings import queries as listings
from catalog.listings.types import ListingSnapshot
from compliance.exports import service as exports
from compliance.identity import factors
from compliance.identity import queries as identity
from compliance.policy import Decision, decide, relations, require
from compliance.tiers import TierRow, profile
from core.actor import SYSTEM, Actor
from core.db import Uow
from core.problems import Sentence
from exchange.contracts.types import ContractKind
from exchange.trading import papers, queries, spending, terms
from exchange.trading.errors import (
    OrderNotPermitted,
    OrderStateConflict,
    RequirementMet,
    RequirementNotFound,
    SamePerson,
)
from exchange.trading.models import Order
from exchange.trading.rules import IN_FORCE
from exchange.trading.steps import note
from exchange.trading.thread import Message, Requirement
from exchange.trading.types import MessageKind, OrderSnapshot, OrderState, RequirementSnapshot, Side

ACCEPTANCE, NDA, CONTRACT, SPENDING, APPROVAL = "acceptance", "nda", "contract", "spending", "approval"
_SUPPLIER_APPROVES = frozenset({"supplier", "supplier_and_officer", "supplier_officer_authority"})
_OFFICER_APPROVES = frozenset({"supplier_and_officer", "supplier_officer_authority"})
_ACTIONS: dict[tuple[str, str], str] = {
    (ACCEPTANCE, Side.BUYER): "order:negotiate", (ACCEPTANCE, Side.SUPPLIER): "order:negotiate",
    (NDA, Side.BUYER): "order:sign", (NDA, Side.SUPPLIER): "order:sign",
    (CONTRACT, Side.BUYER): "order:sign", (CONTRACT, Side.SUPPLIER): "order:sign",
    (SPENDING, Side.BUYER): "order:approve_spending",
    (APPROVAL, Side.SUPPLIER): "order:approve", (APPROVAL, Side.OFFICER): "order:clear",
}  # fmt: skip
_SIGNED = frozenset({NDA, CONTRACT})
_BOTH_SIGN = frozenset({ContractKind.PROVISION, ContractKind.ENTRUSTED})
Needed = list[tuple[str, Side, str]]


def needed(
    row: TierRow,
    document: Mapping[str, Any],
    first: Mapping[str, str],
    *,
    over_limit: bool,
    under_nda: bool,
    related: bool = False,
) -> Needed:
    """(kind, side, who may not) of everything that these terms need at this tier; pure.

    ``first`` is who accepted or offered the terms at each end; at the list price nobody of the supplier did. Where the
    supplier has to approve, and the parties are ``related``, its word is not independent: an officer approves too.
    """
    both = (Side.BUYER, Side.SUPPLIER)
    buyer, supplier = first.get(Side.BUYER, ""), first.get(Side.SUPPLIER, "")
    found: Needed = []
    if row.signatories > 1:
        found += [(ACCEPTANCE, Side.BUYER, buyer), (ACCEPTANCE, Side.SUPPLIER, supplier)]
    if document["nda"] and not under_nda:
        found += [(NDA, side, "") for side in both]
    if document["contract"] != "none":
        found += [(CONTRACT, side, "") for side in (both if document["contract"] in _BOTH_SIGN else both[:1])]
    if over_limit:
        found.append((SPENDING, Side.BUYER, buyer))
    if row.order_approval in _SUPPLIER_APPROVES:
        found.append((APPROVAL, Side.SUPPLIER, ""))
    if row.order_approval in _OFFICER_APPROVES or (related and row.order_approval in _SUPPLIER_APPROVES):
        found.append((APPROVAL, Side.OFFICER, ""))
    return found


def open_all(uow: Uow, actor: Actor, order: Order, first: Mapping[str, str], decision: Decision | None = None) -> None:
    """Open what the agreed terms need, draw the contract up, and place the order at once when nothing is needed.

    ``decision`` is that of an order at the list price, whose first step this is.
    """
    snapshot = order.snapshot()
    document = snapshot.agreement
    assert document is not None
    _open(uow, order, document, first)
    if document["contract"] != "none":
        papers.draw_up(uow, actor, snapshot, document["contract"], document)
    if not _any_open(uow, order) and decision is not None:
        order.state = OrderState.PLACED
        _placed(uow, actor, order, decision)
    elif decision is not None:
        note(uow, actor, order, "agree", decision)
    else:
        _place_when_met(uow, actor, order)


def _open(uow: Uow, order: Order, document: Mapping[str, Any], first: Mapping[str, str]) -> None:
    under_nda = relations.holds(uow, NDA, order.buyer_id, order.listing_id)
    known = {(row.kind, row.side) for row in _rows(uow, order.id)}
    over_limit = (SPENDING, Side.BUYER) not in known and spending.bind(uow, order, first.get(Side.BUYER, ""))
    wanted = needed(
        tier_row(uow, order.tier), document, first, under_nda=under_nda, over_limit=over_limit,
        related=identity.related(uow, order.buyer_id, order.supplier_id),
    )  # fmt: skip
    for kind, side, not_by in wanted:
        if (kind, side) not in known:
            uow.session.add(Requirement(order_id=order.id, kind=kind, side=side, not_by=not_by))
    uow.session.flush()


def of_order(uow: Uow, actor: Actor, order_id: str) -> list[RequirementSnapshot]:
    """Without what the buyer's people settle among themselves, for the supplier. Raises OrderNotFound."""
    order = queries.load(uow, actor, order_id)
    return [row.snapshot() for row in _rows(uow, order_id) if _shown(actor, order, row.kind)]


def waiting_for_officers(uow: Uow, *, limit: int) -> list[OrderSnapshot]:
    """The agreed orders that need an officer, the earliest deadline first. Asks no policy: for officers' tasks."""
    needing = select(Requirement.order_id).where(Requirement.side == Side.OFFICER, Requirement.met_at.is_(None))
    chosen = select(Order).where(
        Order.id.in_(needing), Order.state == OrderState.AGREED, Order.frozen_at.is_(None)
    )  # fmt: skip
    return [row.snapshot() for row in uow.session.execute(chosen.order_by(Order.answer_by).limit(limit)).scalars()]


def meet(uow: Uow, actor: Actor, order_id: str, name: str, *, otp: str = "", signature: str = "") -> OrderSnapshot:
    """One side meets one requirement, ``kind.side``; an NDA can be signed as soon as there is an order at all.

    Raises OrderNotFound, RequirementNotFound, PolicyRefused, OrderStateConflict, RequirementMet, SamePerson,
    SecondFactorNeeded, SecondFactorWrong.
    """
    order = queries.load(uow, actor, order_id, lock=True)
    kind, _, side_name = name.partition(".")
    action = _ACTIONS.get((kind, side_name))
    if action is None:
        raise RequirementNotFound(name=name[:40])
    side = Side(side_name)
    row = uow.session.get(Requirement, (order.id, kind, side), with_for_update=True)
    early = kind == NDA and order.state in (OrderState.INQUIRED, OrderState.OFFERED)
    if (row is None or not _shown(actor, order, kind)) and not early:
        names = ", ".join(
            f"{each.kind}.{each.side}" for each in _rows(uow, order.id) if _shown(actor, order, each.kind)
        )
        raise RequirementNotFound(Sentence("This order needs: %(names)s.", names=names or "—"))
    decision = require(actor, action, queries.resource_of(order))
    _check_side(actor, order, side)
    if order.state not in (OrderState.AGREED, *IN_FORCE) and not early:
        raise OrderStateConflict(Sentence("The order is %(state)s.", state=order.state), state=order.state)
    order.refuse_late(uow.now())
    row = row or _early(uow, order, side)
    if row.met_at is not None:
        raise RequirementMet(name=name)
    _check_person(uow, order, row, actor)
    _confirm(uow, actor, order, row, otp, signature)
    row.met_at, row.met_by = uow.now(), actor.account_id or ""
    order.version += 1
    row.audit_entry_id = note(uow, actor, order, f"meet_{kind}", decision, data={"requirement": name})
    uow.session.flush()
    if order.state == OrderState.AGREED:
        _place_when_met(uow, actor, order)
    return order.snapshot()


def give_up(uow: Uow, order: Order) -> None:
    """The order ended before it was paid: whom it would have sent abroad count no more, its coupon is free."""
    exports.release(uow, order.id)
    coupons.give_back(uow, order.id)


def tier_row(uow: Uow, tier: int) -> TierRow:
    return profile(uow.house.settings.tier_profile).row(tier)


def tier_now(uow: Uow, order: Order) -> int:
    """The tier of the order's revision, which stays until this unit ends; for an order it never falls."""
    grade = listings.grade(uow, order.listing_id, lock=True)
    assert grade is not None
    return max(order.tier, grade.of(order.revision_id, order.tier))


def context(document: Mapping[str, Any]) -> dict[str, Any]:
    """What policy asks of an order's terms: the purpose, and where the data goes."""
    return {"purpose": document["purposes"][0], "territory": next(iter(document["territories"]), None)}


def country(uow: Uow, order: Order) -> str:
    """Where the buyer is."""
    return country_of(uow, order.buyer_id)


def country_of(uow: Uow, organisation_id: str) -> str:
    return identity.organisation(uow, organisation_id).country


def revision_number(uow: Uow, order: Order, listing: ListingSnapshot) -> int:
    """That of the order's revision, which may have been followed by others since."""
    if listing.revision is not None and listing.revision.id == order.revision_id:
        return listing.revision.number
    return listings.revision(uow, order.revision_id).number


def _place_when_met(uow: Uow, actor: Actor, order: Order) -> None:
    if _any_open(uow, order):
        return
    document = order.snapshot().agreement
    assert document is not None
    before, order.tier = order.tier, tier_now(uow, order)
    decision = _still_permitted(uow, order, document)
    exports.follow_tier(uow, order.id, order.tier)
    if order.tier > before and _more_asked(uow, order, document):
        order.version += 1
        note(uow, SYSTEM, order, "regrade", None, data={"before": str(before)})
        return
    order.step("place", uow.now())
    _placed(uow, actor, order, decision)


def refuse_outgrown(uow: Uow, order: Order) -> None:
    """Raises OrderNotPermitted when the tier rose since the order was placed, or an officer stopped its listing."""
    if tier_now(uow, order) > order.tier:
        raise OrderNotPermitted(reason="tier_raised", hint="Order it again, as its tier asks for now.")
    if listings.stopped(uow, [order.listing_id]):
        raise OrderNotPermitted(reason="listing_stopped")


def _more_asked(uow: Uow, order: Order, document: Mapping[str, Any]) -> bool:
    """Open what a higher tier asks for beyond what was met; who acted first is still who made and took the terms."""
    acted = select(Message.side, Message.account_id).where(
        Message.order_id == order.id, or_(Message.id == order.head, Message.kind == MessageKind.AGREEMENT)
    )
    _open(uow, order, document, {str(side): account for side, account in uow.session.execute(acted)})
    return _any_open(uow, order)


def _still_permitted(uow: Uow, order: Order, document: Mapping[str, Any]) -> Decision:
    """Policy's permission for the buyer's organisation, by the listing, the order's tier and the qualification of now.

    Raises OrderNotPermitted, TermsBelowTier: signing takes days, and meanwhile a listing may be stopped or regraded.
    """
    listing = replace(listings.many(uow, [order.listing_id])[order.listing_id], tier=order.tier)
    holder, known = identity.organisation(uow, order.buyer_id), relations.of(uow, order.buyer_id)
    buyer = Actor(
        account_id=holder.id, organisation_id=holder.id, roles=frozenset({"buyer"}), qualification=holder.level,
        country=holder.country, invited=known.invited, agreed=known.nda,
    )  # fmt: skip
    decision = decide(buyer, "listing:order", listings.resource_of(uow.house, listing), context(document))
    if not decision.permitted:
        raise OrderNotPermitted(reason=decision.needs[0].code if decision.needs else "")
    terms.check_tier(document, tier_row(uow, order.tier), listing.kind)
    return decision


def _placed(uow: Uow, actor: Actor, order: Order, decision: Decision | None) -> None:
    order.turn, order.answer_by = "", None
    order.pay_by = uow.now() + timedelta(days=uow.house.settings.payment_days)
    related = identity.related(uow, order.buyer_id, order.supplier_id)
    note(uow, actor, order, "place", decision, data={"related_parties": "yes"} if related else None)


def _rows(uow: Uow, order_id: str) -> Sequence[Requirement]:
    chosen = select(Requirement).where(Requirement.order_id == order_id).order_by(Requirement.kind, Requirement.side)
    return uow.session.execute(chosen).scalars().all()


def _any_open(uow: Uow, order: Order) -> bool:
    return any(row.met_at is None for row in _rows(uow, order.id))


def _shown(actor: Actor, order: Order, kind: str) -> bool:
    """Whether a requirement is for the actor's eyes: what the buyer's people settle among themselves is theirs."""
    return kind != SPENDING or actor.organisation_id != order.supplier_id


def _early(uow: Uow, order: Order, side: Side) -> Requirement:
    row = Requirement(order_id=order.id, kind=NDA, side=side, not_by="")
    uow.session.add(row)
    return row


def _check_side(actor: Actor, order: Order, side: Side) -> None:
    """That a party acts for its own side, and the officer for neither party."""
    own = {Side.BUYER: order.buyer_id, Side.SUPPLIER: order.supplier_id}.get(side)
    if own is not None and actor.organisation_id != own:
        raise RequirementNotFound("This is for the other side.")
    if own is None and actor.organisation_id in (order.buyer_id, order.supplier_id):
        raise SamePerson("Nobody approves an order of the own organisation.")


def _check_person(uow: Uow, order: Order, row: Requirement, actor: Actor) -> None:
    """Where two people of one side stand behind something, they are two."""
    barred = {row.not_by}
    if row.side == Side.SUPPLIER and row.kind in (ACCEPTANCE, APPROVAL) and not _first(uow, order, Side.SUPPLIER):
        other = uow.session.get(Requirement, (order.id, APPROVAL if row.kind == ACCEPTANCE else ACCEPTANCE, row.side))
        barred.add(other.met_by if other else "")  # at the list price these two are the supplier's two people
    if actor.account_id in barred - {""}:
        raise SamePerson(hint="Ask another member of your organisation.")


def _first(uow: Uow, order: Order, side: Side) -> str:
    row = uow.session.get(Requirement, (order.id, ACCEPTANCE, side))
    return row.not_by if row else ""


def _confirm(uow: Uow, actor: Actor, order: Order, row: Requirement, otp: str, signature: str) -> None:
    if row.kind in _SIGNED:
        papers.sign(uow, actor, order.snapshot(), row.kind, Side(row.side), otp=otp, signature=signature)
    elif tier_row(uow, order.tier).second_factor != "none":
        factors.confirm(uow, actor, otp)
