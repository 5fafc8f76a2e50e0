"""A sample of the export campaign; the big one is ``python -m bench.exports``."""

from core.house import House
from tests.compliance.exports.campaign import boundaries, splitting


def test_each_side_of_each_threshold(house: House) -> None:
    report = boundaries(house, scale=1000)
    assert report.faults == []
    assert (report.tried, report.refused) == (7, 5)


def test_split_over_orders_listings_and_affiliates_at_once(house: House) -> None:
    report = splitting(house, scale=1000, orders=30)
    assert report.faults == []
    assert report.refused > 5
