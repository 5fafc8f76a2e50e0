"""What so many calls would cost, as the listing's page and the API say it."""

from __future__ import annotations

from typing import Any

import pytest

from core.house import House
from tests.client import ApiClient
from tests.exchange.trading.test_interfaces import PACKAGE, Market
from tests.servers.upstream import Upstream

CNY: dict[str, Any] = {"version": 1, "currency": "CNY"}
GRADUATED = CNY | {
    "kind": "graduated", "unit": "call",
    "steps": [{"up_to": 10_000, "price": "0.01"}, {"up_to": None, "price": "0.0028"}],
}  # fmt: skip
SUBSCRIPTION = CNY | {
    "kind": "subscription", "amount": "30.00", "period": "quarter", "unit": "hit", "included": 20_000,
    "overage": "0.001",
}  # fmt: skip
MINIMUM = CNY | {
    "kind": "minimum", "amount": "500.00", "period": "year", "usage": CNY | {"kind": "per_hit", "price": "0.0028"}
}  # fmt: skip


@pytest.fixture
def market(calling_house: House, upstream: Upstream) -> Market:
    return Market(calling_house, upstream)


@pytest.mark.parametrize(
    ("plan", "lines", "sums", "period"),
    [
        (GRADUATED, [("step", "100.00"), ("step", "56.00")], ("156.00", "9.36", "165.36"), "month"),
        (GRADUATED | {"kind": "volume"}, [("step", "84.00")], ("84.00", "5.04", "89.04"), "month"),
        (
            SUBSCRIPTION, [("fee", "30.00"), ("included", "0.00"), ("overage", "10.00")],
            ("40.00", "2.40", "42.40"), "quarter",
        ),
        (MINIMUM, [("usage", "84.00"), ("minimum", "416.00")], ("500.00", "30.00", "530.00"), "year"),
        (PACKAGE, [("fee", "150.00")], ("150.00", "9.00", "159.00"), "once"),
    ],
)  # fmt: skip
def test_thirty_thousand_calls_by_each_kind_of_price(
    market: Market, plan: dict[str, Any], lines: list[tuple[str, str]], sums: tuple[str, str, str], period: str
) -> None:
    listing = market.on_sale(plan=plan)
    found = ApiClient(market.app, None).get(f"/listings/{listing['id']}/price?calls=30000").expect(200).json
    assert [(line["kind"], line["amount"]) for line in found["lines"]] == lines
    assert (found["net"], found["tax"], found["gross"]) == sums
    assert (found["period"], found["units"], found["currency"]) == (period, 30_000, "CNY")


def test_what_is_no_number_of_calls_is_refused_by_name_and_a_quote_has_no_price(market: Market) -> None:
    listing = market.on_sale(plan=GRADUATED)
    path = f"/listings/{listing['id']}/price"
    for calls in ("-1", "x", "1.5", "", str(10**12 + 1), "1e3"):
        assert market.client().get(f"{path}?calls={calls}").expect(422).json["field"] == "calls"
    market.client().get(path).expect(422)
    market.client().get("/listings/lst_00000000000000000000000000/price?calls=1").expect(404)
    by_quote = market.on_sale(plan={"version": 1, "kind": "negotiated"})
    assert market.client().get(f"/listings/{by_quote['id']}/price?calls=1").expect(409).code == "no_list_price"


def test_the_page_reckons_without_a_script(market: Market) -> None:
    listing = market.on_sale(plan=GRADUATED)
    page = market.app.test_client().get(f"/listings/{listing['id']}?calls=30,000").get_data(as_text=True)
    assert "165.36" in page
    wrong = market.app.test_client().get(f"/listings/{listing['id']}?calls=many")
    assert wrong.status_code == 200
    assert "field-calls-error" in wrong.get_data(as_text=True)
