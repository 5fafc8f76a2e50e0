"""The board's place in the house."""

from __future__ import annotations

from catalog.demands import handlers
from catalog.demands.views import api
from compliance.identity.events import OrganisationClosing
from core.house import House


def include(house: House) -> None:
    house.registry.inline(OrganisationClosing, handlers.close_all)
    house.add_api(api)
