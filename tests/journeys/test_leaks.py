"""A sample of the leak campaign; the big one is ``python -m bench.leaks``."""

import flask

from core.house import House
from tests.journeys.leaks import campaign


def test_nobody_sees_more_or_less_than_the_tier_table_says(app: flask.Flask, house: House) -> None:
    report = campaign(house, app, listings_count=40, actors_count=14, seed=7)
    assert report.faults == []
    assert report.checks["hits"] == 14 * 3
