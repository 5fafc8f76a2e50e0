"""Rights that orders bring: how they begin, follow the listing's tier, and end."""

from __future__ import annotations

import calendar
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import rfc8785

from catalog.listings import queries as listings
from catalog.listings.types import ListingKind
from core import plans
from core.db import Uow
from core.ids import new_id
from exchange import licences
from exchange.trading.events import EntitlementChanged
from exchange.trading.models import Entitlement, Licence, Order
from exchange.trading.types import RightState


def grant(uow: Uow, order: Order) -> datetime:
    """The licence as it was agreed and the entitlement; answers when they begin: now, or on the day that was agreed."""
    starts_at, ends_at = lasting(order, uow.now())
    licence = _licence(order, starts_at, ends_at)
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
    return starts_at


def _licence(order: Order, starts_at: datetime, ends_at: datetime | None) -> Licence:
    licence_id = new_id("lic")
    parties = licences.Parties(
        licence_id, order.supplier_id, order.buyer_id, order.listing_id, order.revision_id, starts_at, ends_at
    )
    policy = rfc8785.dumps(licences.odrl(_agreed(order), parties))
    return Licence(
        id=licence_id, order_id=order.id, licensee_id=order.buyer_id, purpose=order.purpose, terms=order.terms,
        terms_hash=order.terms_hash, policy=policy.decode(), policy_hash=hashlib.sha256(policy).hexdigest(),
        starts_at=starts_at, ends_at=ends_at,
    )  # fmt: skip


def _agreed(order: Order) -> dict[str, Any]:
    """The terms document; of an order without one, what its offer said."""
    agreed: dict[str, Any] = json.loads(order.agreement) if order.agreement else {"purposes": [order.purpose]}
    return agreed


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


def lasting(order: Order, now: datetime) -> tuple[datetime, datetime | None]:
    """When the rights of an order that is paid now begin and end."""
    starts_at = _start(order, now)
    return starts_at, _end(order, starts_at)


def _start(order: Order, now: datetime) -> datetime:
    agreed = _agreed(order).get("starts")
    return now if agreed is None else max(now, datetime.fromisoformat(agreed))


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
