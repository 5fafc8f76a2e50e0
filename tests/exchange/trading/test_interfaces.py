"""Orders of interfaces: what is sellable, what it costs when, access at once, and terms that stay as they were sold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.ledger import queries as ledger
from catalog.listings import service as listings
from compliance.identity import service as identity
from compliance.policy import relations
from core.house import House
from exchange.app import create_app_of
from exchange.trading import queries
from exchange.trading import service as trading
from exchange.trading.events import EntitlementChanged
from tests import build
from tests.build import PER_HIT, Built
from tests.client import Answer, ApiClient
from tests.servers.upstream import Upstream

PER_CALL = {
    "version": 1,
    "kind": "per_call",
    "currency": "CNY",
    "price": "0.0028",
    "free_quota": 100,
    "period": "month",
}
PACKAGE = {
    "version": 1, "kind": "package", "currency": "CNY", "amount": "50.00", "unit": "call", "quantity": 10_000,
    "valid_days": 30,
}  # fmt: skip
FREE = {"version": 1, "kind": "free"}
LIMITS = {"rate_per_second": 5, "burst": 9, "concurrency": 2, "quota": 50, "quota_period": "day", "trial_calls": 3}


class Market:
    """A supplier, a buyer with 100.00, and what is on sale between them."""

    def __init__(self, house: House, upstream: Upstream) -> None:
        self.house, self.upstream = house, upstream
        self.supplier, self.buyer = build.organisation(house), build.organisation(house)
        build.funded(house, self.buyer, "100.00")
        self.app = create_app_of(house)

    def client(self, who: Built | None = None) -> ApiClient:
        return ApiClient(self.app, (who or self.buyer).token)

    def on_sale(self, **options: Any) -> dict[str, Any]:
        """A listing as the buyer reads it."""
        made = build.interface_listed(self.house, self.supplier, self.upstream, **options)
        found: dict[str, Any] = self.client().get(f"/listings/{made.id}").expect(200).json
        return found

    def order(self, listing: dict[str, Any], **change: Any) -> Answer:
        body = {
            "listing_id": listing["id"], "offer_id": listing["offer"]["id"], "purpose": "product", "accept_terms": True,
        }  # fmt: skip
        return self.client().post("/orders", body | change)

    def paid(self, listing: dict[str, Any]) -> dict[str, Any]:
        order_id = self.order(listing).expect(201).json["id"]
        found: dict[str, Any] = self.client().post(f"/orders/{order_id}/pay").expect(200).json
        return found

    def raise_tier(self, listing: dict[str, Any], tier: int) -> None:
        owner = self.supplier.actor
        self.house.db.write(lambda uow: listings.raise_tier(uow, owner, listing["id"], tier=tier))

    def balance(self) -> str:
        return str(self.client().get("/balance").json["available"])


@pytest.fixture
def market(calling_house: House, upstream: Upstream) -> Market:
    return Market(calling_house, upstream)


@pytest.mark.parametrize("plan", [PER_HIT, PER_CALL, FREE])
def test_usage_costs_nothing_when_it_is_ordered_and_access_is_there_at_once(
    market: Market, plan: dict[str, Any]
) -> None:
    paid = market.paid(market.on_sale(plan=plan, limits=LIMITS))
    assert (paid["kind"], paid["state"], paid["gross"]) == ("interface", "delivered", "0.00")
    assert paid["invoice_id"] is None
    assert paid["limits"] == LIMITS
    assert paid["licence"]["purpose"] == "product"
    assert market.balance() == "100.00"
    right = market.house.db.read(queries.compiled)[0]
    assert right.limits == LIMITS
    assert right.plan["kind"] == plan["kind"]
    assert right.interface_id is not None
    assert right.permitted
    accepted = market.client().post(f"/orders/{paid['id']}/accept").expect(200).json
    assert (accepted["state"], accepted["entitlement"]["state"]) == ("accepted", "active")
    assert market.house.db.read(queries.compiled)[0].state == "active", "acceptance ends nothing"
    steps = [step["action"] for step in market.client().get(f"/orders/{paid['id']}/decisions").json["items"]]
    assert steps == ["place", "pay", "deliver", "accept"]


def test_a_package_is_charged_at_once_and_ends_with_its_days(market: Market) -> None:
    paid = market.paid(market.on_sale(plan=PACKAGE))
    assert (paid["net"], paid["tax"], paid["gross"]) == ("50.00", "3.00", "53.00")
    assert paid["invoice_id"] is not None
    assert market.balance() == "47.00"
    right = market.house.db.read(queries.compiled)[0]
    assert right.ends_at is not None
    assert right.ends_at - right.starts_at == timedelta(days=30)
    assert right.plan["quantity"] == 10_000
    assert set(market.house.db.read(ledger.trial_balance).values()) <= {0}
    refused = market.client().post(f"/orders/{paid['id']}/pay").expect(409)
    assert (refused.code, market.balance()) == ("order_state", "47.00")


def test_a_package_that_the_balance_does_not_cover_gives_no_access(market: Market) -> None:
    listing = market.on_sale(plan=PACKAGE | {"amount": "95.00"})
    order_id = market.order(listing).expect(201).json["id"]
    assert market.client().post(f"/orders/{order_id}/pay").expect(402).code == "balance_too_low"
    assert market.client().get(f"/orders/{order_id}").json["state"] == "placed"
    assert market.house.db.read(queries.compiled) == []
    assert market.balance() == "100.00"


@pytest.mark.first_case_on_postgresql
@pytest.mark.parametrize(
    "plan",
    [
        {"version": 1, "kind": "one_off", "currency": "CNY", "amount": "10.00"},
        {"version": 1, "kind": "per_record", "currency": "CNY", "price": "0.01"},
        {"version": 1, "kind": "per_byte", "currency": "CNY", "price": "0.01"},
        {"version": 1, "kind": "negotiated"},
        {
            "version": 1,
            "kind": "volume",
            "currency": "CNY",
            "unit": "record",
            "steps": [{"up_to": None, "price": "0.01"}],
        },
        PACKAGE | {"unit": "byte"},
    ],
)
def test_what_is_not_built_yet_is_refused_by_its_name(market: Market, plan: dict[str, Any]) -> None:
    refused = market.order(market.on_sale(plan=plan)).expect(409)
    assert (refused.code, refused.json["kind"]) == ("plan_not_sellable", plan["kind"])
    assert market.client().get("/orders").json["items"] == []


def test_usage_plans_are_not_for_files(market: Market) -> None:
    made = build.listed(market.house, market.supplier)
    before = market.client(market.supplier).get(f"/listings/{made.id}").json
    body = {"plan": PER_HIT, "purposes": ["training"]}
    market.client(market.supplier).post(f"/listings/{made.id}/offer", body | {"limits": LIMITS}).expect(422)
    assert market.client(market.supplier).get(f"/listings/{made.id}").json == before
    assert before["offer"]["limits"] is None


def test_limits_have_defaults_and_bad_ones_change_nothing(market: Market) -> None:
    listing = market.on_sale(plan=FREE)
    assert listing["offer"]["limits"]["rate_per_second"] == 50
    supplier, path = market.client(market.supplier), f"/listings/{listing['id']}/offer"
    for limits, field in (({"rate_per_second": 0}, "rate_per_second"), ({"quota": 5}, "quota_period"), ({"x": 1}, "x")):
        body = {"plan": FREE, "purposes": ["product"], "limits": limits}
        refused = supplier.post(path, body).expect(422)
        assert (refused.code, refused.json["field"]) == ("limits_invalid", f"limits.{field}")
    assert supplier.get(f"/listings/{listing['id']}").json["offer"] == listing["offer"]


def test_a_new_price_leaves_what_was_sold_as_it_was(market: Market) -> None:
    listing = market.on_sale(plan=PER_HIT, limits=LIMITS)
    paid = market.paid(listing)
    supplier = market.supplier.actor
    dearer = PER_HIT | {"price": "0.09"}
    market.house.db.write(
        lambda uow: listings.set_offer(uow, supplier, listing["id"], plan=dearer, purposes=["product"], term_months=1)
    )
    read = market.client().get(f"/orders/{paid['id']}").expect(200).json
    assert (read["plan"]["price"], read["limits"]) == ("0.04", LIMITS)
    right = market.house.db.read(queries.compiled)[0]
    assert (right.plan["price"], dict(right.limits)) == ("0.04", LIMITS)
    assert market.order(listing).expect(404).code == "listing_not_found", "the old price is no longer on offer"


def test_limits_reach_the_offer_through_the_api_and_the_review(market: Market) -> None:
    listing = market.on_sale(plan=PER_CALL, limits=LIMITS)
    assert listing["offer"]["limits"] == LIMITS
    assert listing["offer"]["plan"] == PER_CALL


def test_a_refund_of_a_package_ends_the_access(market: Market) -> None:
    paid = market.paid(market.on_sale(plan=PACKAGE))
    supplier = market.client(market.supplier)
    failed = supplier.post(f"/orders/{paid['id']}/fail-delivery", {"reason": "the upstream is gone"}).expect(200).json
    assert (failed["state"], failed["entitlement"]["state"]) == ("refunded", "revoked")
    assert market.balance() == "100.00"
    assert market.house.db.read(queries.compiled)[0].state == "revoked"
    assert set(market.house.db.read(ledger.trial_balance).values()) <= {0}


def test_the_tier_of_now_decides_about_calls(market: Market) -> None:
    listing = market.on_sale(plan=PER_HIT)
    market.paid(listing)
    market.raise_tier(listing, 2)
    right = market.house.db.read(queries.compiled)[0]
    assert (right.tier, right.permitted) == (2, False), "the buyer is qualified, but signed nothing at L1"
    market.house.db.write(lambda uow: relations.grant(uow, "contract", right.organisation_id, right.order_id))
    assert market.house.db.read(queries.compiled)[0].permitted
    market.raise_tier(listing, 3)
    right = market.house.db.read(queries.compiled)[0]
    assert (right.tier, right.permitted) == (3, False)


def test_the_qualification_of_now_decides_about_calls(market: Market) -> None:
    market.paid(market.on_sale(plan=PER_HIT))
    owner = market.buyer.organisation_id
    assert owner is not None
    market.house.db.write(lambda uow: identity.set_qualification(uow, owner, state="suspended", level=0, until=None))
    assert not market.house.db.read(queries.compiled)[0].permitted


def test_a_qualification_that_ends_by_time_reaches_the_rights_too(market: Market) -> None:
    listing = market.on_sale(plan=PER_HIT, term_months=0)
    market.paid(listing)
    market.raise_tier(listing, 2)
    house, told = market.house, list[str]()
    house.registry.inline(EntitlementChanged, lambda _uow, event: told.append(event.entitlement_id))
    assert trading.follow_qualifications(house) == 0
    house.clock.advance(timedelta(days=366))
    assert trading.follow_qualifications(house) == 1
    right = house.db.read(queries.compiled)[0]
    assert set(told) == {right.id}
    assert not right.permitted
    assert trading.follow_qualifications(house) == 0, "told once"
