"""What gateways are told of interfaces: where each revision's upstream is, how it is called, how its answers read."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from catalog.interfaces import queries as documents
from catalog.interfaces.types import InterfaceSnapshot
from catalog.listings import queries as listings
from catalog.listings.types import ListingState, ServedInterface
from compliance.tiers import profile
from core.db import Uow

_KNOWN_TO_CALLERS = ("anyone", "registered")
"""Of which listings every organisation with a credential may know; that there are others nobody learns by calling."""


def interfaces(uow: Uow, listing_ids: Collection[str] | None) -> list[dict[str, Any]]:
    """Every revision, for rights that were sold stay with theirs; the credential in clear, for it is injected."""
    return [_item(uow, each) for each in listings.served(uow, listing_ids).values()]


def listings_of(uow: Uow, interface_id: str) -> list[str]:
    return listings.with_interface(uow, interface_id)


def _item(uow: Uow, serving: ServedInterface) -> dict[str, Any]:
    row = profile(uow.house.settings.tier_profile).row(serving.tier)
    known = serving.state == ListingState.LISTED and row.metadata in _KNOWN_TO_CALLERS
    return {
        "id": serving.listing_id, "on_sale": known,
        "suspended": serving.state == ListingState.SUSPENDED,
        "revisions": {revision: _revision(uow, each) for revision, each in serving.revisions.items()},
    }  # fmt: skip


def _revision(uow: Uow, interface: InterfaceSnapshot) -> dict[str, Any]:
    document = interface.document
    return {
        "upstream": document["upstream"],
        "credential": document["credential"] | {"value": documents.credential(uow, interface.id)},
        "operations": [
            {name: each[name] for name in ("id", "method", "path", "outcome")} for each in document["operations"]
        ],
    }  # fmt: skip
