"""A new order's row: what it is of, between whom, and what it would cost."""

from __future__ import annotations

import hashlib
import json

from catalog.listings.types import ListingSnapshot
from core import plans
from core.db import Uow
from core.ids import new_id
from core.money import TaxSplit
from exchange.trading.models import Order
from exchange.trading.types import OrderState


def new_order(
    uow: Uow, buyer_id: str, listing: ListingSnapshot, purpose: str, split: TaxSplit, state: OrderState
) -> Order:
    """The order in its first state, added and flushed."""
    assert listing.offer is not None
    assert listing.revision is not None
    licence_terms = json.dumps(dict(listing.licence_terms), ensure_ascii=False, sort_keys=True)
    order = Order(
        id=new_id("ord"), listing_id=listing.id, kind=listing.kind, revision_id=listing.revision.id,
        revision_number=listing.revision.number, offer_id=listing.offer.id,
        title=json.dumps(dict(listing.title), ensure_ascii=False), tier=listing.tier,
        buyer_id=buyer_id, supplier_id=listing.supplier_id,
        plan=json.dumps(dict(listing.offer.plan), ensure_ascii=False), plan_hash=plans.plan_hash(listing.offer.plan),
        limits=json.dumps(dict(listing.offer.limits), sort_keys=True) if listing.offer.limits else None,
        currency=uow.house.settings.currency, net=split.net, tax=split.tax, gross=split.gross, purpose=purpose,
        terms=licence_terms, terms_hash=hashlib.sha256(licence_terms.encode()).hexdigest(),
        term_months=listing.offer.term_months, state=state, turn="", agreement_hash="", created_at=uow.now(),
        version=1, licence=None, entitlement=None,
    )  # fmt: skip
    uow.session.add(order)
    uow.session.flush()
    return order
