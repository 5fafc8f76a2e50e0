"""A listing that one may not see is not seen by any way: list, search, id, sample, suggestion, facet, order."""

from __future__ import annotations

from collections.abc import Callable

import flask
import pytest

from catalog.listings import service as listings
from core.house import House
from core.ids import new_id
from exchange.worker import attend_once
from tests import build
from tests.client import ApiClient

_TITLE = {"zh": "潮汐观测资料", "en": "Tidal gauge readings"}
_Hide = Callable[[House, build.Built], str]


def _drafted(house: House, supplier: build.Built) -> str:
    return build.draft(house, supplier, title=_TITLE).id


def _in_review(house: House, supplier: build.Built) -> str:
    listing_id = _drafted(house, supplier)
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, listing_id))
    return listing_id


def _withdrawn(house: House, supplier: build.Built) -> str:
    listing_id = build.listed(house, supplier, title=_TITLE).id
    attend_once(house)
    house.db.write(lambda uow: listings.withdraw(uow, supplier.actor, listing_id))
    return listing_id


def _raised(house: House, supplier: build.Built) -> str:
    listing_id = build.listed(house, supplier, title=_TITLE).id
    attend_once(house)
    house.db.write(lambda uow: listings.raise_tier(uow, supplier.actor, listing_id, tier=5))
    return listing_id


@pytest.mark.parametrize("attended", [False, True], ids=["at once", "later"])
@pytest.mark.parametrize("hide", [_drafted, _in_review, _withdrawn, _raised])
def test_it_is_found_by_no_way(app: flask.Flask, house: House, hide: _Hide, attended: bool) -> None:
    supplier, other = build.organisation(house), build.organisation(house)
    build.listed(house, supplier)
    listing_id = hide(house, supplier)
    if attended:
        attend_once(house)
    for client in (ApiClient(app), ApiClient(app, other.token)):
        _sees_nothing(client, listing_id)
    assert ApiClient(app, supplier.token).get(f"/listings/{listing_id}").status == 200


def _sees_nothing(client: ApiClient, listing_id: str) -> None:
    assert client.get("/listings").expect(200).json["items"] != []
    for path in ("/listings", "/search?q=潮汐", "/search?q=tidal", "/search", "/search/suggestions?q=潮汐"):
        assert listing_id not in client.get(path).expect(200).body.decode(), path
    facets = client.get("/search").expect(200).json["facets"]
    assert all(sum(each["count"] for each in counts) <= 1 for counts in facets.values())
    for tail in ("", "/sample", "/revisions", "/abilities"):
        hidden, unknown = (client.get(f"/listings/{each}{tail}").expect(404) for each in (listing_id, new_id("lst")))
        assert hidden.body == unknown.body


def test_an_order_of_it_is_an_order_of_nothing(app: flask.Flask, house: House) -> None:
    supplier, buyer = build.organisation(house), build.organisation(house)
    hidden = build.draft(house, supplier)
    assert hidden.offer is not None
    body = {"offer_id": hidden.offer.id, "purpose": "training", "accept_terms": True}
    client = ApiClient(app, buyer.token)
    answers = [client.post("/orders", body | {"listing_id": each}) for each in (hidden.id, new_id("lst"))]
    assert answers[0].expect(404).body == answers[1].expect(404).body
