"""The files' place in the house."""

from __future__ import annotations

from catalog.files import scanning
from catalog.files.classes import StoreClass, store_of
from catalog.files.store import FileStore
from catalog.files.views import api
from core.house import House


def include(house: House) -> None:
    house.provide(FileStore, store_of(house.settings, StoreClass.DELIVERY))  # type: ignore[type-abstract]
    house.registry.job(scanning.JOB, scanning.run)
    house.add_api(api)
