"""The place of payments in the house."""

from __future__ import annotations

from billing.payments import handlers
from billing.payments.payment_views import api as payments
from billing.payments.views import api
from core.house import House


def include(house: House) -> None:
    handlers.listen(house)
    house.add_api(api)
    house.add_api(payments)
