"""No page leads somebody to a door that is closed to them. More of it: ``python -m bench.offices``."""

from __future__ import annotations

import flask

from core.house import House
from tests import build
from tests.exchange.web.browser import Browser
from tests.journeys import denials
from tests.journeys.links import closed_doors


def test_links_that_a_role_is_shown_open(app: flask.Flask, house: House) -> None:
    scene = denials.scene(house)
    people = {
        "developer": build.member(house, scene.buyer, "developer"),
        "finance": build.platform_person(house, "finance"),
        "officer": build.platform_person(house, "officer"),
    }
    closed = {name: closed_doors(Browser(app).sign_in(who), 16, of_a_kind=1) for name, who in people.items()}
    assert closed == {name: [] for name in people}
