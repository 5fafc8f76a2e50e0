"""The register of freezes follows what officers stop and let go."""

from __future__ import annotations

from typing import Any

from catalog.listings import service as listings
from compliance.audit import sequencer
from compliance.qualification import service as qualification
from core.house import House
from exchange.trading import service as trading
from tests import build
from tests.client import ApiClient


def _register(officer: ApiClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = officer.get(f"/freezes{query}").expect(200).json["items"]
    return found


def test_orders_listings_and_organisations_stand_there_until_they_go_on(house: House, client: ApiClient) -> None:
    officer, supplier, buyer = build.platform_person(house, "officer"), *(build.organisation(house) for _ in range(2))
    listing = build.listed(house, supplier)
    order, owner = build.placed(house, buyer, listing), buyer.organisation_id or ""
    house.db.write(lambda uow: trading.freeze(uow, officer.actor, order.id, reason="complaint"))
    house.db.write(lambda uow: listings.suspend(uow, officer.actor, listing.id, reason="source in doubt"))
    house.db.write(lambda uow: qualification.suspend(uow, officer.actor, owner, reason="licence ended"))
    officers = ApiClient(client.app, officer.token)
    found = _register(officers)
    assert {(each["kind"], each["object_id"], each["reason"]) for each in found} == {
        ("order", order.id, "complaint"), ("listing", listing.id, "source in doubt"),
        ("organisation", owner, "licence ended"),
    }  # fmt: skip
    house.db.write(lambda uow: trading.release(uow, officer.actor, order.id))
    house.db.write(lambda uow: qualification.reinstate(uow, officer.actor, owner, reason="renewed"))
    assert [each["object_id"] for each in _register(officers)] == [listing.id]
    assert len(_register(officers, "?standing_only=false")) == 3


def test_a_freeze_shows_its_chain_to_officers_only(house: House, client: ApiClient) -> None:
    officer, supplier, buyer = build.platform_person(house, "officer"), *(build.organisation(house) for _ in range(2))
    order = build.placed(house, buyer, build.listed(house, supplier))
    house.db.write(lambda uow: trading.freeze(uow, officer.actor, order.id, reason="complaint"))
    sequencer.run(house)
    officers = ApiClient(client.app, officer.token)
    (standing,) = _register(officers)
    chain = officers.get(f"/freezes/{standing['id']}").expect(200).json
    assert [link["action"] for link in chain["links"]] == ["order:freeze", "order:place"]
    assert chain["links"][0]["actor"] == officer.actor.pseudonym
    for other in (supplier, buyer, build.platform_person(house, "reviewer")):
        denied = ApiClient(client.app, other.token)
        denied.get("/freezes").expect(403)
        denied.get(f"/freezes/{standing['id']}").expect(403)
    assert officers.get("/freezes/frz_00000000000000000000000000").expect(404).code == "freeze_not_found"
