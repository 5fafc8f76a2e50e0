"""Delivery's place in the house."""

from __future__ import annotations

from core.house import House
from exchange.delivery import copies, tracer
from exchange.delivery.views import api
from exchange.trading.events import EntitlementChanged, OrderChanged
from exchange.trading.marks import Marks


def include(house: House) -> None:
    house.provide(Marks, copies.FileMarks())  # type: ignore[type-abstract]
    house.registry.inline(OrderChanged, copies.follow_order)
    house.registry.inline(EntitlementChanged, copies.follow_right)
    house.registry.job(copies.JOB, copies.make)
    house.registry.job(tracer.JOB, tracer.work)
    house.add_api(api)
