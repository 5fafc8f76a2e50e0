"""Rights that orders bring: how they begin, follow the listing's tier, and end."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta

from sqlalchemy import select

from catalog.listings import queries as listings
from catalog.listings.types import ListingKind
from core import plans
from core.db import Uow
from core.ids import new_id
from exchange.trading.events import EntitlementChanged
from exchange.trading.models import Entitlement, Licence, Order
from exchange.trading.types import RightState


def grant(uow: Uow, order: Order) -> None:
    """The licence for the declared purpose and the entitlement, in force from now."""
    starts_at, ends_at = uow.now(), _end(order, uow.now())
    licence = Licence(
        id=new_id("lic"), order_id=order.id, licensee_id=order.buyer_id, purpose=order.purpose, terms=order.terms,
        terms_hash=order.terms_hash, starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip
    order.licence = licence
    uow.session.flush()
    interface = listings.revision(uow, order.revision_id).interface if order.kind == ListingKind.INTERFACE else None
    entitlement = Entitlement(
        id=new_id("ent"), order_id=order.id, licence_id=licence.id, holder_id=order.buyer_id, tier=order.tier,
        interface_id=interface.id if interface else None, state=RightState.ACTIVE, starts_at=starts_at,
        ends_at=ends_at,
    )  # fmt: skip
    order.entitlement = entitlement
    uow.session.flush()
    changed(uow, order)


def revoke(uow: Uow, order: Order) -> None:
    """The right ends before its time."""
    if order.entitlement is not None:
        order.entitlement.state = RightState.REVOKED
        changed(uow, order)


def end(uow: Uow, order: Order) -> None:
    """The licence's period is over."""
    assert order.entitlement is not None
    order.entitlement.state = RightState.ENDED
    order.version += 1
    changed(uow, order)


def changed(uow: Uow, order: Order) -> None:
    """Tell whoever keeps a copy of the order's right, if it has one."""
    if order.entitlement is not None:
        uow.emit(EntitlementChanged(entitlement_id=order.entitlement.id))


def follow_tier(uow: Uow, listing_id: str) -> None:
    """Bring the listing's tier to all rights in it: policy judges each use by the tier of that moment."""
    tier = listings.tier(uow, listing_id)
    if tier is None:
        return
    statement = (
        select(Entitlement)
        .join(Order, Order.id == Entitlement.order_id)
        .where(Order.listing_id == listing_id, Entitlement.tier != tier)
        .order_by(Entitlement.id)
        .with_for_update(of=Entitlement)
    )
    for entitlement in uow.session.execute(statement).scalars():
        entitlement.tier = tier
        uow.emit(EntitlementChanged(entitlement_id=entitlement.id))


def _end(order: Order, start: datetime) -> datetime | None:
    """The licence's last moment: its months, or a package's days when they are over sooner."""
    ends = [months_later(start, order.term_months)] if order.term_months else []
    days = plans.parse(order.plan_document).valid_days
    if days is not None:
        ends.append(start + timedelta(days=days))
    return min(ends, default=None)


def months_later(moment: datetime, months: int) -> datetime:
    """The same day so many months on, or the month's last."""
    year, month = divmod(moment.month - 1 + months, 12)
    year += moment.year
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)
