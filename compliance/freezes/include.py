"""Freezes' place in the house."""

from __future__ import annotations

from compliance.freezes import handlers
from compliance.freezes.views import api
from compliance.identity.events import QualificationChanged
from core.house import House


def include(house: House) -> None:
    house.registry.inline(QualificationChanged, handlers.follow_organisation)
    house.add_api(api)
