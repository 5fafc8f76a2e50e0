"""What is offered: profiles, files, interfaces, listings, references, search, demands; each knows those before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.house import House


def include(house: House) -> None:
    """Put every feature of the catalog into the house, in order."""
    from catalog.demands.include import include as include_demands
    from catalog.files.include import include as include_files
    from catalog.interfaces.include import include as include_interfaces
    from catalog.listings.include import include as include_listings
    from catalog.references.include import include as include_references
    from catalog.search.include import include as include_search

    for include_feature in (
        include_files, include_interfaces, include_listings, include_references, include_search, include_demands,
    ):  # fmt: skip
        include_feature(house)
