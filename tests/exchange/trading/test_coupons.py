"""Coupons: what they take off and of whose money, how often they are used, and on which orders."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from billing import queries as billing
from billing.invoices import queries as invoices
from billing.ledger import queries as ledger
from catalog.listings.types import ListingSnapshot
from core.house import House
from core.problems import DomainError
from exchange.app import create_app_of
from exchange.trading import service as trading
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.build import Built
from tests.client import ApiClient


class Fair:
    """A supplier's listing at 1,000.00, buyers with money, and coupons."""

    def __init__(self, house: House) -> None:
        self.house, self.app = house, create_app_of(house)
        self.supplier = build.organisation(house)
        self.listing: ListingSnapshot = build.listed(house, self.supplier)

    def client(self, who: Built) -> ApiClient:
        return ApiClient(self.app, who.token)

    def coupon(self, who: Built, code: str, **given: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.client(who).post("/coupons", {"code": code} | given).expect(201).json
        return made

    def buyer(self, balance: str = "2000.00") -> Built:
        found = build.organisation(self.house)
        build.funded(self.house, found, balance)
        return found

    def place(self, buyer: Built, code: str | None) -> OrderSnapshot:
        offer = self.listing.offer
        assert offer is not None
        return self.house.db.write(
            lambda uow: trading.place(
                uow, buyer.actor, listing_id=self.listing.id, offer_id=offer.id, purpose="training",
                accept_terms=True, coupon=code,
            )
        )  # fmt: skip

    def settled(self, buyer: Built, order: OrderSnapshot) -> Mapping[str, int]:
        """Paid and accepted: what the invoice says, and what the supplier and the platform have of it."""
        self.house.db.write(lambda uow: trading.pay(uow, buyer.actor, order.id))
        self.house.db.write(lambda uow: trading.accept(uow, buyer.actor, order.id))
        (line,) = self.client(self.supplier).get("/payables").json["items"][:1]
        return {name: int(line[name].replace(".", "")) for name in ("net", "commission", "share")}


@pytest.fixture
def fair(house: House) -> Fair:
    return Fair(house)


def faults(house: House) -> list[str]:
    return [f"{each.where}: {each.what}" for each in house.db.read(billing.faults)]


def test_a_suppliers_coupon_is_a_line_of_its_own_and_the_suppliers_loss(fair: Fair) -> None:
    fair.coupon(fair.supplier, "spring-10", percent_bp=1_000)
    buyer = fair.buyer()
    order = fair.place(buyer, " Spring-10 ")
    assert (order.net, order.tax, order.gross) == (90_000, 5_400, 95_400)
    assert fair.settled(buyer, order) == {"net": 90_000, "commission": 9_000, "share": 81_000}
    (invoice,) = fair.house.db.read(lambda uow: invoices.of_order(uow, order.id))
    assert [(line.net, line.tax) for line in invoice.lines] == [(100_000, 6_000), (-10_000, -600)]
    assert invoice.lines[1].description["en"] == "Coupon SPRING-10"
    assert faults(fair.house) == []


def test_a_coupon_of_the_platform_leaves_the_supplier_its_share_and_takes_no_more_than_the_commission(
    fair: Fair,
) -> None:
    finance = build.platform_person(fair.house, "finance")
    fair.coupon(finance, "WELCOME", percent_bp=400)
    fair.coupon(finance, "HALF", percent_bp=5_000)
    first, second = fair.buyer(), fair.buyer()
    order = fair.place(first, "WELCOME")
    assert order.net == 96_000
    assert fair.settled(first, order) == {"net": 96_000, "commission": 6_000, "share": 90_000}
    order = fair.place(second, "HALF")
    assert order.net == 90_000, "the commission is 10 %"
    assert fair.settled(second, order) == {"net": 90_000, "commission": 0, "share": 90_000}
    assert faults(fair.house) == []


def test_a_coupon_never_makes_an_order_cost_less_than_nothing(fair: Fair) -> None:
    fair.coupon(fair.supplier, "ALL-OF-IT", amount="5000.00")
    buyer = fair.buyer("10.00")
    order = fair.place(buyer, "ALL-OF-IT")
    assert (order.net, order.tax, order.gross) == (0, 0, 0)
    fair.house.db.write(lambda uow: trading.pay(uow, buyer.actor, order.id))
    assert fair.house.db.read(lambda uow: ledger.balance(uow, str(buyer.organisation_id))).balance == 1_000
    assert faults(fair.house) == []


def test_what_a_coupon_asks_for_is_refused_by_name(fair: Fair) -> None:
    fair.coupon(fair.supplier, "BIG", amount="10.00", minimum="1000.01")
    fair.coupon(fair.supplier, "LATER", amount="10.00", starts_at="2999-01-01T00:00:00Z")
    fair.coupon(fair.supplier, "ELSEWHERE", amount="10.00", listing_id=build.listed(fair.house, fair.supplier).id)
    fair.coupon(build.organisation(fair.house), "STRANGER", amount="10.00")
    ended = fair.coupon(fair.supplier, "ENDED", amount="10.00")
    fair.client(fair.supplier).post(f"/coupons/{ended['id']}/end").expect(200)
    buyer = fair.buyer()
    for code, refusal in (
        ("BIG", "coupon_not_fitting"), ("LATER", "coupon_out_of_time"), ("ELSEWHERE", "coupon_unknown"),
        ("STRANGER", "coupon_unknown"), ("ENDED", "coupon_out_of_time"), ("NONE-SUCH", "coupon_unknown"),
    ):  # fmt: skip
        with pytest.raises(DomainError) as refused:
            fair.place(buyer, code)
        assert refused.value.code == refusal, code


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"percent_bp": 0}, "coupon_invalid"), ({"percent_bp": 10_001}, "coupon_invalid"), ({}, "coupon_invalid"),
        ({"percent_bp": 5, "amount": "1.00"}, "coupon_invalid"), ({"amount": "0"}, "amount_invalid"),
        ({"amount": "1e-30"}, "amount_invalid"), ({"amount": "-1.00"}, "amount_invalid"),
        ({"amount": "1.00", "code": "ä"}, None), ({"percent_bp": 1.5}, None), ({"amount": "1.00", "most": 0}, None),
        ({"amount": "1", "starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"}, "coupon_invalid"),
    ],
)  # fmt: skip
def test_bad_coupons_are_refused_and_nothing_is_kept(fair: Fair, change: dict[str, Any], code: str | None) -> None:
    client = fair.client(fair.supplier)
    client.post("/coupons", {"code": "CODE"} | change).expect(422, code)
    assert client.get("/coupons").json["items"] == []


def test_an_organisation_uses_a_coupon_once_and_again_when_its_order_came_to_nothing(fair: Fair) -> None:
    made = fair.coupon(fair.supplier, "ONCE", amount="10.00")
    assert fair.client(fair.supplier).post("/coupons", {"code": "once", "amount": "1"}).expect(409).code
    buyer = fair.buyer()
    order = fair.place(buyer, "ONCE")
    with pytest.raises(DomainError) as refused:
        fair.place(buyer, "ONCE")
    assert refused.value.code == "coupon_used_before"
    fair.house.db.write(lambda uow: trading.cancel(uow, buyer.actor, order.id, reason="changed our mind"))
    assert fair.client(fair.supplier).get("/coupons").json["items"][0]["redeemed"] == 0
    assert fair.place(buyer, "ONCE").net == 99_000
    stranger = fair.client(build.organisation(fair.house))
    stranger.post(f"/coupons/{made['id']}/end").expect(404, "coupon_not_found")


def test_a_coupon_is_used_no_more_often_than_it_may_be_however_many_try_at_once(fair: Fair) -> None:
    fair.coupon(fair.supplier, "THREE", amount="10.00", most=3)
    buyers = [build.organisation(fair.house) for _ in range(6)]
    outcomes: list[str] = []

    def use(buyer: Built) -> None:
        try:
            fair.place(buyer, "THREE")
            outcomes.append("used")
        except DomainError as refused:
            outcomes.append(refused.code)

    threads = [threading.Thread(target=use, args=(buyer,)) for buyer in buyers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["coupon_used_up"] * 3 + ["used"] * 3
