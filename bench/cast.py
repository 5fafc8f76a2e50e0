"""The people and the one listing that the campaigns act with, built by services before the exchange starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.house import House
from core.settings import Settings
from exchange.app import build_house
from exchange.installation import init
from exchange.worker import attend_once
from tests import build


@dataclass(frozen=True)
class Cast:
    """The people, what they trade, and what the supplier is still writing."""

    supplier: build.Built
    buyer: build.Built
    finance: tuple[build.Built, build.Built]
    listing_id: str
    draft_id: str
    offer_id: str
    purpose: str

    def order(self) -> dict[str, object]:
        """The body of an order of the listing."""
        return {
            "listing_id": self.listing_id, "offer_id": self.offer_id, "purpose": self.purpose, "accept_terms": True,
        }  # fmt: skip


def open_house(data: Path, database_url: str = "", **more: Any) -> House:
    """A house over a data folder that is made for it, with these settings besides."""
    settings = Settings(data=data, profile="test", database_url=database_url, gateway_workers=0, **more)
    init(settings)
    return build_house(settings)


def assemble(house: House) -> Cast:
    """Everybody signed in, one dataset listed at a price, another one that is still being written."""
    supplier, buyer = build.organisation(house, level=3), build.organisation(house, level=3)
    finance = build.platform_person(house, "finance"), build.platform_person(house, "finance")
    listing = build.listed(house, supplier)
    attend_once(house)
    assert listing.offer is not None
    return Cast(
        supplier,
        buyer,
        finance,
        listing.id,
        build.draft(house, supplier).id,
        listing.offer.id,
        listing.offer.purposes[0],
    )
