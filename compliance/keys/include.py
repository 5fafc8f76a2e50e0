"""Keys' place in the house."""

from __future__ import annotations

from compliance.identity.events import AccountDisabled
from compliance.keys import handlers
from compliance.keys.views import api
from core.house import House


def include(house: House) -> None:
    house.add_api(api)
    house.registry.inline(AccountDisabled, handlers.stop_keys)
