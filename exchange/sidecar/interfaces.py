"""What gateways are told of interfaces: where each revision's upstream is, how it is called, how its answers read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from core.db import Uow


def interfaces(uow: Uow, listing_ids: Collection[str] | None) -> list[dict[str, Any]]:
    return []


def listings_of(uow: Uow, interface_id: str) -> list[str]:
    return []
