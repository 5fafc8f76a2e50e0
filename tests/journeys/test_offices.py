"""A sample of the offices' campaign; all of it is ``python -m bench.offices``."""

from __future__ import annotations

import flask

from core.house import House
from tests.journeys import denials, offices

_EVERY = 5


def test_an_office_does_what_the_table_says_and_is_nobodys_buyer_or_supplier(app: flask.Flask, house: House) -> None:
    scene = denials.scene(house)
    campaign = offices.Campaign(house, app, scene, every=_EVERY)
    for who, name in ((scene.outsider, "outsider"), (None, "stranger")):
        campaign.pages(who, name, theirs=True)
    for role in offices.MAY:
        campaign.office(role)
    assert "\n".join(campaign.report.faults) == ""
    assert campaign.report.asked > 300


def test_every_route_of_the_table_exists(house: House) -> None:
    known = {f"{route.method} {route.path}" for api in house.apis for route in api.routes}
    assert frozenset().union(*offices.MAY.values()) - known == set()
