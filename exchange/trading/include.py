"""Trading's place in the house."""

from __future__ import annotations

from billing.dunning.events import BuyerOverdue
from billing.payments.events import PaymentSucceeded
from catalog.listings.events import ListingChanged, ListingResumed, ListingStopped
from catalog.search.types import Orders
from compliance.exports.events import ClearanceRecorded, PersonsCounted
from compliance.identity.events import OrganisationClosing, QualificationChanged
from compliance.policy.events import RelationChanged
from core.house import House
from exchange.trading import funded, handlers, popularity
from exchange.trading.closing import refuse_while_trading
from exchange.trading.events import OrderChanged
from exchange.trading.negotiation_views import api as negotiations
from exchange.trading.subscription_views import api as subscriptions
from exchange.trading.views import api


def include(house: House) -> None:
    house.registry.inline(ListingChanged, handlers.follow_tier)
    house.registry.inline(ListingStopped, handlers.follow_stop)
    house.registry.inline(ListingResumed, handlers.follow_stop)
    house.registry.inline(OrganisationClosing, refuse_while_trading)
    house.registry.inline(PaymentSucceeded, funded.arrived)
    house.registry.inline(QualificationChanged, handlers.follow_qualification)
    house.registry.inline(ClearanceRecorded, handlers.follow_clearance)
    house.registry.inline(PersonsCounted, handlers.follow_clearance)
    house.registry.inline(BuyerOverdue, handlers.follow_overdue)
    house.registry.inline(RelationChanged, handlers.follow_signatures)
    house.registry.inline(OrderChanged, popularity.count_buyer)
    house.provide(Orders, popularity.PaidOrders())  # type: ignore[type-abstract]
    house.add_api(negotiations)
    house.add_api(api)
    house.add_api(subscriptions)
