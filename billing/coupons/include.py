"""The place of coupons in the house."""

from __future__ import annotations

from billing.coupons.views import api
from core.house import House


def include(house: House) -> None:
    house.add_api(api)
