"""The harm that a supplier states raises the tier, never lowers it, and turns core data away at the door."""

from __future__ import annotations

import pytest

from catalog.listings import queries, service
from catalog.listings.errors import CoreDataRefused, ImpactUnknown
from core.house import House
from tests import build


def test_what_is_stated_raises_the_tier_and_stating_less_does_not_lower_it(house: House) -> None:
    supplier = build.organisation(house)
    made = build.draft(house, supplier)
    assert made.impact is None

    def state(degree: str, harmed: str = "person") -> int:
        version = house.db.read(lambda uow: queries.get(uow, supplier.actor, made.id)).version
        changes = {"impact": {"object": harmed, "degree": degree}}
        edited = house.db.write(lambda uow: service.edit(uow, supplier.actor, made.id, version, changes))
        assert edited.impact == changes["impact"]
        return edited.tier

    assert state("none") == 1
    assert state("serious") == 3
    assert state("general") == 3
    assert state("especially_serious") == 4
    reasons = house.db.read(lambda uow: queries.get(uow, supplier.actor, made.id)).tier_reasons
    assert any("especially serious harm to rights of a person" in reason["en"] for reason in reasons)
    before = house.db.read(lambda uow: queries.get(uow, supplier.actor, made.id))
    with pytest.raises(CoreDataRefused):
        state("especially_serious", "national_security")
    with pytest.raises(ImpactUnknown):
        state("bad")
    assert house.db.read(lambda uow: queries.get(uow, supplier.actor, made.id)) == before
