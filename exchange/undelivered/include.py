"""The dead letters' place in the house."""

from __future__ import annotations

from core.house import House
from exchange.undelivered.views import api


def include(house: House) -> None:
    house.add_api(api)
