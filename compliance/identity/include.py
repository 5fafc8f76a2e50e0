"""Identity's place in the house."""

from __future__ import annotations

from compliance.identity import service
from compliance.identity.views import api
from core.house import House


def include(house: House) -> None:
    house.authenticator = service.authenticate
    house.add_api(api)
