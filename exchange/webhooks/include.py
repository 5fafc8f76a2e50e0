"""The place of webhooks in the house."""

from __future__ import annotations

from billing.payments.events import PaymentEndedUnpaid, PaymentSucceeded
from core.house import House
from core.sealing import SealedColumn
from exchange.disputes.events import DisputeChanged
from exchange.trading.events import OrderChanged
from exchange.webhooks import handlers
from exchange.webhooks.models import WebhookEndpoint
from exchange.webhooks.service import SEALED_BY
from exchange.webhooks.views import api


def include(house: House) -> None:
    house.registry.later(OrderChanged, "webhooks.order", handlers.order_changed)
    house.registry.later(DisputeChanged, "webhooks.dispute", handlers.dispute_changed)
    house.registry.later(PaymentSucceeded, "webhooks.payment_succeeded", handlers.payment_succeeded)
    house.registry.later(PaymentEndedUnpaid, "webhooks.payment_unpaid", handlers.payment_unpaid)
    house.sealed += [
        SealedColumn(SEALED_BY, WebhookEndpoint.sealed, WebhookEndpoint.id),
        SealedColumn(SEALED_BY, WebhookEndpoint.old_sealed, WebhookEndpoint.id),
    ]
    house.add_api(api)
