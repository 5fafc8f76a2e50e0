"""Joins notices to the house."""

from __future__ import annotations

from core.house import House
from exchange.notices.views import api


def include(house: House) -> None:
    """The list of tasks is a query over the present state: nothing has to be kept in step with it."""
    house.add_api(api)
