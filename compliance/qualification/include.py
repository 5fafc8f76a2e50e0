"""Qualification's place in the house."""

from __future__ import annotations

from compliance.identity.events import OwnerChanged
from compliance.policy import PolicyRefused
from compliance.qualification import handlers
from compliance.qualification.views import api
from core.house import House


def include(house: House) -> None:
    house.registry.inline(OwnerChanged, handlers.owner_changed)
    house.explain(PolicyRefused, handlers.name_documents)
    house.add_api(api)
