"""The place of taxes in the house."""

from __future__ import annotations

from billing.taxes.views import api
from core.house import House


def include(house: House) -> None:
    house.add_api(api)
