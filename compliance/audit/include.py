"""The audit log's place in the house."""

from __future__ import annotations

from compliance.audit import service
from compliance.audit.epochs import Epochs
from compliance.audit.views import api
from core.house import House


def include(house: House) -> None:
    house.provide(Epochs, Epochs())
    house.registry.on_refusal.append(service.record_refusal)
    house.add_api(api)
