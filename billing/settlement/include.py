"""The place of settlement in the house."""

from __future__ import annotations

from billing.settlement.handlers import listen
from billing.settlement.views import api
from core.house import House


def include(house: House) -> None:
    listen(house)
    house.add_api(api)
