"""The rulebook's place in the house."""

from __future__ import annotations

from compliance.rulebook.views import api
from core.house import House


def include(house: House) -> None:
    house.add_api(api)
