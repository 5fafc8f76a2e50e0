"""The desk: what waits stands first, and leaves room for what one owns."""

from __future__ import annotations

import flask

from core.house import House
from tests import build
from tests.exchange.web.browser import Browser


def test_of_many_things_that_wait_the_first_ten_are_shown(app: flask.Flask, house: House) -> None:
    supplier = build.organisation(house)
    for _ in range(13):
        build.draft(house, supplier)
    desk = Browser(app).sign_in(supplier)
    page = desk.get("/desk")
    assert page.count("Finish the draft:") == 10
    assert "13 things wait for you" in page
    assert '<a href="/desk?all=yes#todo">3 more</a>' in page
    whole = desk.get("/desk?all=yes")
    assert whole.count("Finish the draft:") == 13
    assert "3 more" not in whole
