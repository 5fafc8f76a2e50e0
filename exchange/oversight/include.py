"""Oversight's place in the house. Refusals are noted after the audit log has them."""

from __future__ import annotations

from core.house import House
from exchange.oversight import refusals
from exchange.oversight.views import api


def include(house: House) -> None:
    house.registry.on_refusal.append(refusals.keep)
    house.add_api(api)
