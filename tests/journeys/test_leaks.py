"""A sample of the leak campaign; the big one is ``python -m bench.leaks``."""

from core.house import House
from exchange.app import create_app_of
from tests.journeys.leaks import campaign
from tests.servers.upstream import Upstream


def test_nobody_sees_more_or_less_than_the_tier_table_says(calling_house: House, upstream: Upstream) -> None:
    app = create_app_of(calling_house)
    report = campaign(calling_house, app, listings_count=18, actors_count=8, seed=7, upstream=upstream)
    assert report.faults == []
    assert report.checks["hits"] == 8 * 3
    assert report.checks["gateway"] == 8 * 6
