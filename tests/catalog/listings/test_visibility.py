"""Readable if and only if listed, and both exactly what policy decides, for random actors and listings."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from catalog.listings import queries
from catalog.listings.errors import ListingNotFound
from catalog.listings.models import Listing
from catalog.listings.types import ListingState
from compliance.policy import decide
from core.actor import ANONYMOUS, Actor
from core.db import Uow
from core.house import House
from tests import build

_ROLES = ("owner", "supplier", "buyer", "developer", "finance")
_PLATFORM = ("reviewer", "officer", "finance", "operator")


def _somebody(chance: random.Random, organisations: list[str]) -> Actor:
    if chance.random() < 0.1:
        return ANONYMOUS
    platform = chance.random() < 0.25
    return Actor(
        account_id=f"acc_{chance.randrange(10)}",
        organisation_id=None if platform else chance.choice(organisations),
        roles=frozenset() if platform else frozenset(chance.sample(_ROLES, chance.randrange(0, 3))),
        platform_roles=frozenset(chance.sample(_PLATFORM, 1)) if platform else frozenset(),
        qualification=1 if platform else chance.randrange(1, 5),
    )


def _fill(house: House) -> list[str]:
    """One listing of each state and tier, spread over three suppliers."""
    suppliers = [build.organisation(house) for _ in range(3)]
    places = [(state, tier) for state in ListingState for tier in range(6)]
    made = [build.draft(house, suppliers[n % 3]).id for n in range(len(places))]

    def spread(uow: Uow) -> None:
        for listing_id, (state, tier) in zip(made, places, strict=True):
            values = {"state": state, "tier": tier, "listed_at": datetime(2026, 1, 1, tzinfo=UTC)}
            uow.session.execute(update(Listing).where(Listing.id == listing_id).values(**values))

    house.db.write(spread)
    return [each.organisation_id for each in suppliers if each.organisation_id]


def test_lists_and_single_reads_agree_with_policy(house: House) -> None:
    organisations = _fill(house)
    everything = {row.id: row for row in house.db.read(lambda uow: queries.all_after(uow, "", 100))}
    resources = {key: queries.resource_of(house, row) for key, row in everything.items()}
    chance = random.Random(7)
    for _ in range(40):
        who = _somebody(chance, [*organisations, "org_somebodyelse"])
        may = {key for key, resource in resources.items() if decide(who, "listing:see", resource).permitted}
        on_sale = {key for key in may if everything[key].state == ListingState.LISTED}
        own = {key for key in may if everything[key].supplier_id == who.organisation_id}
        listed, mine, readable = house.db.read(lambda uow, who=who: _reads(uow, who, set(everything)))  # type: ignore[misc]
        assert (listed, mine, readable) == (on_sale, own, may), who


def _reads(uow: Uow, who: Actor, ids: set[str]) -> tuple[set[str], set[str], set[str]]:
    listed = {row.id for row in queries.listed(uow, who, limit=100).items}
    mine = {row.id for row in queries.mine(uow, who, limit=100).items}
    return listed, mine, {key for key in ids if _readable(uow, who, key)}


def _readable(uow: Uow, who: Actor, listing_id: str) -> bool:
    try:
        queries.get(uow, who, listing_id)
    except ListingNotFound:
        with pytest.raises(ListingNotFound):
            queries.revisions(uow, who, listing_id)
        with pytest.raises(ListingNotFound):
            queries.sample(uow, who, listing_id)
        return False
    return True


def test_public_figures_count_what_anybody_may_see(house: House) -> None:
    _fill(house)
    counted = house.db.read(queries.figures)
    seen = house.db.read(lambda uow: queries.listed(uow, ANONYMOUS, limit=100)).items
    assert sum(counted["by_scene"].values()) == len(seen) == 2
    assert counted["by_tier"] == {"0": 1, "1": 1}
