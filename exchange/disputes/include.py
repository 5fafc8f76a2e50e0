"""The place of disputes in the house."""

from __future__ import annotations

from core.house import House
from exchange.disputes.views import api


def include(house: House) -> None:
    house.add_api(api)
