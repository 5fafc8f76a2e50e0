"""A listing's tier rose while rights in it were in force: what they lack rests them until it is met.

Nothing that was agreed is taken away. What the new tier asks for beyond it is opened for the parties to meet: an
agreement of confidentiality, a contract that binds more. Everything else, such as a qualification, is judged anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import and_, or_, select

from catalog.listings import queries as listings
from compliance.exports import queries as abroad
from compliance.exports import service as exports
from compliance.identity.queries import organisations
from compliance.policy import relations
from compliance.policy.relations import RelationKind
from compliance.tiers import TierRow, profile
from core.actor import SYSTEM
from core.db import Uow
from exchange.contracts import queries as contracts
from exchange.contracts.types import ContractKind
from exchange.trading import papers, queries, rights
from exchange.trading.events import RightRested, RightResumed
from exchange.trading.models import Entitlement, Order
from exchange.trading.requirements import CONTRACT, NDA
from exchange.trading.rules import IN_FORCE
from exchange.trading.standing import standing
from exchange.trading.steps import note
from exchange.trading.terms import CONTRACTS, asks_nda, contract_of
from exchange.trading.thread import Requirement
from exchange.trading.types import RightState, Side

_BOTH = (Side.BUYER, Side.SUPPLIER)


def follow_tier(uow: Uow, listing_id: str) -> None:
    """Bring the listing's tier to the rights in its revisions: policy judges each use by the tier of that moment."""
    grade = listings.grade(uow, listing_id)
    if grade is None:
        return
    same = Order.revision_id == grade.revision_id
    differing = or_(and_(same, Entitlement.tier != grade.tier), and_(~same, Entitlement.tier < grade.raised))
    for right, order in _rights(uow, Order.listing_id == listing_id, differing):
        tier = grade.of(order.revision_id, right.tier)
        if tier == right.tier:
            continue
        risen, right.tier = tier > right.tier, tier
        uow.session.flush()
        exports.judge_again(uow, order.id, tier)
        if risen and order.state in IN_FORCE and right.state == RightState.ACTIVE:
            _ask_for_more(uow, order, profile(uow.house.settings.tier_profile).row(tier))
        rights.changed(uow, order)
        _judge(uow, right, order)


def judge_holder(uow: Uow, organisation_id: str) -> None:
    """The holder's qualification has changed: its rights rest or go on accordingly."""
    for right, order in _rights(uow, Entitlement.holder_id == organisation_id):
        _judge(uow, right, order)


def judge_listing(uow: Uow, listing_id: str) -> None:
    """An officer stopped the listing, or it has passed review again."""
    for right, order in _rights(uow, Order.listing_id == listing_id):
        _judge(uow, right, order)


def judge_order(uow: Uow, order_id: str) -> None:
    """Something that the order's right depends on has changed."""
    for right, order in _rights(uow, Order.id == order_id):
        _judge(uow, right, order)


def judge_cleared(uow: Uow, supplier_id: str) -> None:
    """What allows the supplier to send more abroad was recorded, or persons in its data were counted."""
    for right, order in _rights(uow, Order.id.in_(abroad.lacking_of(uow, supplier_id))):
        exports.judge_again(uow, order.id, right.tier)
        _judge(uow, right, order)


def judge_bound(uow: Uow, organisation_id: str, listing_id: str) -> None:
    """An organisation is bound, or bound no more, to keep a listing's data to itself."""
    for right, order in _rights(uow, Entitlement.holder_id == organisation_id, Order.listing_id == listing_id):
        _judge(uow, right, order)


def _rights(uow: Uow, *which: object) -> Iterable[tuple[Entitlement, Order]]:
    statement = (
        select(Entitlement, Order)
        .join(Order, Order.id == Entitlement.order_id)
        .where(*which)  # type: ignore[arg-type]
        .order_by(Entitlement.id)
        .with_for_update(of=[Entitlement, Order])
    )
    return [(right, order) for right, order in uow.session.execute(statement).unique().all()]


def _judge(uow: Uow, right: Entitlement, order: Order) -> None:
    """Tell the parties when the right rests, by the code of what it lacks, and when it goes on."""
    if right.state != RightState.ACTIVE or order.state not in IN_FORCE:
        return
    holder = organisations(uow, [right.holder_id])[right.holder_id]
    lacking = standing(uow.house, right, order, holder, queries.bonds(uow, [order])[order.id]).lacking
    if lacking == right.lacking:
        return
    right.lacking = lacking
    order.version += 1
    note(uow, SYSTEM, order, "rest" if lacking else "resume", None, text=lacking, data={"right_tier": str(right.tier)})
    rights.changed(uow, order)
    if lacking:
        uow.emit(RightRested(order_id=order.id, entitlement_id=right.id, lacking=lacking))
    else:
        uow.emit(RightResumed(order_id=order.id, entitlement_id=right.id))


def _ask_for_more(uow: Uow, order: Order, row: TierRow) -> None:
    """Open what the tier asks for and the order does not have: unsigned, its contract counts no more."""
    least = contract_of(row)
    if CONTRACTS.index(_signed_contract(uow, order)) < CONTRACTS.index(least):
        relations.revoke(uow, RelationKind.CONTRACT, order.buyer_id, order.id)
        sides = _BOTH if least in (ContractKind.PROVISION, ContractKind.ENTRUSTED) else _BOTH[:1]
        _open(uow, order, CONTRACT, sides)
        agreed = order.snapshot().agreement or {}
        papers.draw_up(uow, SYSTEM, order.snapshot(), least, {**agreed, "contract": least})
    if asks_nda(row) and not relations.holds(uow, RelationKind.NDA, order.buyer_id, order.listing_id):
        _open(uow, order, NDA, _BOTH)
    uow.session.flush()


def _signed_contract(uow: Uow, order: Order) -> str:
    """The contract of the order that everybody has signed whom it binds and that binds most."""
    signed = [each.kind for each in contracts.of_order(uow, order.id) if papers.complete(each)]
    return max((kind for kind in signed if kind in CONTRACTS), key=CONTRACTS.index, default="none")


def _open(uow: Uow, order: Order, kind: str, sides: Iterable[Side]) -> None:
    for side in sides:
        row = uow.session.get(Requirement, (order.id, kind, side))
        if row is None:
            uow.session.add(Requirement(order_id=order.id, kind=kind, side=side, not_by=""))
        else:
            row.met_at, row.met_by, row.audit_entry_id = None, "", None
