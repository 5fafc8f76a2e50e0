"""The place of the processor in the house."""

from __future__ import annotations

from billing.processor.client import Processor, StripeProcessor
from billing.processor.views import mount
from core.house import House


def include(house: House) -> None:
    house.provide(Processor, StripeProcessor(house.settings))  # type: ignore[type-abstract]
    house.mounts.append(mount)
