"""Imported references' place in the house."""

from __future__ import annotations

from catalog.listings.events import ListingChanged
from catalog.references import handlers
from catalog.references.claims.views import api as claims
from catalog.references.views import api
from core.house import House


def include(house: House) -> None:
    house.registry.inline(ListingChanged, handlers.replace)
    house.add_api(api)
    house.add_api(claims)
