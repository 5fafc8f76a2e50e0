"""Delivery's place in the house."""

from __future__ import annotations

from core.house import House
from exchange.delivery.views import api


def include(house: House) -> None:
    house.add_api(api)
