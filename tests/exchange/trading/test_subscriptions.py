"""Interfaces that are paid for period by period: ordered, called, renewed, changed, cancelled, left unpaid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update

from billing import queries as billing
from billing.coupons import service as coupons
from billing.invoices import queries as invoices
from billing.invoices.types import Invoice
from billing.periods import service as periods
from billing.settlement import service as settlement
from billing.usage import service as usage
from catalog.listings import service as listings
from compliance.identity import service as identity
from core import plans
from core.db import Base
from core.house import House
from core.money import Rounding, divide
from exchange.trading import queries, subscriptions
from exchange.trading import service as trading
from tests import build
from tests.billing.usage.metering import record_of
from tests.build import Built
from tests.client import ApiClient
from tests.exchange.trading.test_interfaces import Market
from tests.servers.upstream import Upstream

CNY: dict[str, Any] = {"version": 1, "currency": "CNY"}
MONTHLY = CNY | {
    "kind": "subscription", "amount": "30.00", "period": "month", "unit": "hit", "included": 100, "overage": "0.10",
}  # fmt: skip
FLAT = CNY | {"kind": "subscription", "amount": "20.00", "period": "quarter"}
PER_HIT = CNY | {"kind": "per_hit", "price": "0.04"}
MINIMUM = CNY | {"kind": "minimum", "amount": "12.00", "period": "month", "usage": PER_HIT}
STEPS = [{"up_to": 50, "price": "0.10"}, {"up_to": None, "price": "0.02"}]
_sequence = count(1)


class Shop(Market):
    """A market whose clock is moved, and whose calls are recorded as a gateway would."""

    def client(self, who: Built | None = None) -> ApiClient:
        """Signed in anew: the clock may have moved beyond a session."""
        email = (who or self.buyer).email
        return ApiClient(self.app, identity.sign_in(self.house, email=email, password=build.PASSWORD).token)

    def until(self, year: int, month: int, day: int, hour: int) -> None:
        """Move the clock to a moment in UTC and let the worker do what is due."""
        self.house.clock.advance(datetime(year, month, day, hour, tzinfo=UTC) - self.house.clock.now())
        self.tend()

    def tend(self) -> None:
        while periods.tend(self.house) + subscriptions.tend(self.house) + trading.tick(self.house):
            pass

    def bought(self, plan: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        return self.paid(self.on_sale(plan=plan, **options))

    def call(self, order: Mapping[str, Any], number: int, outcome: str = "hit") -> int:
        """So many calls, as many as are given out; answers how many were."""
        right = self.right(order)
        given = self.house.db.write(lambda uow: usage.fund(uow, right, number))
        records = [
            record_of(right, next(_sequence), outcome=outcome, at=self.house.clock.now()) for _ in range(given)
        ]  # fmt: skip
        self.house.db.write(lambda uow: usage.load(uow, records))
        return given

    def right(self, order: Mapping[str, Any]) -> Any:
        return self.house.db.read(lambda uow: queries.compiled(uow, [order["entitlement"]["id"]]))[0]

    def invoices(self, order: Mapping[str, Any]) -> list[Invoice]:
        return self.house.db.read(lambda uow: invoices.of_order(uow, order["id"]))

    def nets(self, order: Mapping[str, Any]) -> dict[str, int]:
        """Net by period; what credit notes took is taken off."""
        found: dict[str, int] = {}
        for each in self.invoices(order):
            found[each.period] = found.get(each.period, 0) + each.net
        return found

    def subscription(self, order: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.client().get(f"/orders/{order['id']}/subscription").expect(200).json
        return found

    def faults(self) -> list[str]:
        return [f"{each.where}: {each.what}" for each in self.house.db.read(billing.faults)]


@pytest.fixture
def shop(calling_house: House, upstream: Upstream) -> Shop:
    """In Shanghai it is noon of 10 December 2026."""
    calling_house.clock.advance(datetime(2026, 12, 10, 4, tzinfo=UTC) - calling_house.clock.now())
    return Shop(calling_house, upstream)


def part(amount: int, first: datetime, last: datetime, whole: timedelta) -> int:
    tick = timedelta(microseconds=1)
    return divide(amount * ((last - first) // tick), whole // tick, Rounding.HALF_UP)


def test_a_subscription_pays_the_part_of_its_first_month_and_then_whole_ones(shop: Shop) -> None:
    order = shop.bought(MONTHLY)
    began = datetime.fromisoformat(order["entitlement"]["starts_at"])
    ends = datetime(2026, 12, 31, 16, tzinfo=UTC)
    first = part(3_000, began, ends, timedelta(days=31))
    assert (order["state"], order["gross"]) == ("delivered", "0.00")
    assert shop.nets(order) == {"F202612": first}
    assert 2_070 < first < 2_090, "21 days and a half of 31"
    assert shop.call(order, 70) == 70
    assert shop.call(order, 10) == 10
    shop.until(2027, 1, 1, 0)
    nets = shop.nets(order)
    assert nets["F202701"] == 3_000
    assert nets["2026-12"] == 10 * 10, "70 of 100 units are included in 21 and a half days of 31"
    assert shop.subscription(order)["covered_until"] == "2027-01-31T16:00:00Z"
    assert shop.call(order, 100) == 100
    shop.until(2027, 2, 1, 0)
    assert shop.nets(order)["F202702"] == 3_000
    assert "2027-01" not in shop.nets(order), "what is included is not invoiced again"
    assert shop.faults() == []


def test_a_quarter_without_units_is_a_fee_and_calls_are_free_of_the_meter(shop: Shop) -> None:
    order = shop.bought(FLAT)
    assert shop.call(order, 500) == 500
    shop.until(2027, 1, 1, 0)
    assert {label: net for label, net in shop.nets(order).items() if net == 2_000} == {"F2027Q1": 2_000}
    assert set(shop.nets(order)) == {"F2026Q4", "F2027Q1"}
    assert shop.faults() == []


def test_the_first_fee_must_be_covered(shop: Shop) -> None:
    listing = shop.on_sale(plan=MONTHLY | {"amount": "900.00"})
    order_id = shop.order(listing).expect(201).json["id"]
    assert shop.client().post(f"/orders/{order_id}/pay").expect(402).code == "balance_too_low"
    assert shop.client().get(f"/orders/{order_id}").json["state"] == "placed"
    assert shop.house.db.read(queries.compiled) == []


def test_a_cancelled_subscription_ends_with_the_period_that_was_paid(shop: Shop) -> None:
    order = shop.bought(MONTHLY)
    path = f"/orders/{order['id']}/unsubscribe"
    assert shop.client(shop.supplier).post(path).expect(403).code
    ended = shop.client().post(path).expect(200).json
    assert ended["entitlement"]["ends_at"] == "2026-12-31T16:00:00Z"
    assert shop.client().post(path).expect(200).json["version"] == ended["version"]
    assert shop.call(order, 5) == 5
    shop.until(2027, 1, 2, 0)
    assert set(shop.nets(order)) == {"F202612"}
    assert shop.subscription(order)["state"] == "ended"
    assert shop.client().post(path).expect(200).json["state"] == "accepted", "cancelling twice changes nothing"
    assert shop.faults() == []


def test_a_fee_that_stays_unpaid_rests_the_right_after_the_days_of_grace_until_it_is_paid(shop: Shop) -> None:
    order = shop.bought(MONTHLY | {"amount": "80.00"})
    shop.until(2027, 1, 1, 0)
    assert shop.nets(order)["F202701"] == 8_000
    assert shop.right(order).permitted, "calls go on"
    assert shop.call(order, 100) == 100, "what is included is paid with the fee"
    assert shop.call(order, 1) == 0, "nothing more is lent to who owes"
    shop.until(2027, 1, 7, 0)
    assert shop.right(order).permitted
    shop.until(2027, 1, 9, 0)
    assert shop.right(order).lacking == "subscription_unpaid"
    assert shop.client().get(f"/orders/{order['id']}/licence").json["code"] == "subscription_unpaid"
    build.funded(shop.house, shop.buyer, "100.00")
    shop.tend()
    assert shop.right(order).permitted
    assert shop.subscription(order)["state"] == "active"
    assert shop.faults() == []


def test_a_subscription_whose_fee_is_never_paid_gets_no_other_period(shop: Shop) -> None:
    order = shop.bought(MONTHLY | {"amount": "80.00"})
    shop.until(2027, 1, 1, 0)
    shop.until(2027, 1, 9, 0)
    shop.until(2027, 2, 1, 0)
    assert set(shop.nets(order)) == {"F202612", "F202701"}
    assert shop.client().get(f"/orders/{order['id']}").json["entitlement"]["state"] == "ended"
    assert shop.faults() == []


def test_time_in_which_the_order_is_frozen_is_not_charged(shop: Shop) -> None:
    order = shop.bought(MONTHLY)
    officer = build.platform_person(shop.house, "officer")
    shop.house.db.write(lambda uow: trading.freeze(uow, officer.actor, order["id"], reason="to be looked into"))
    shop.until(2027, 1, 10, 16)
    assert set(shop.nets(order)) == {"F202612"}
    shop.house.db.write(lambda uow: trading.release(uow, officer.actor, order["id"]))
    shop.tend()
    assert shop.nets(order)["F202701"] == divide(3_000 * 21, 31, Rounding.HALF_UP), "from 11 January on"
    assert shop.faults() == []


def test_what_is_missing_to_a_minimum_is_charged_when_its_month_is_closed(shop: Shop) -> None:
    order = shop.bought(MINIMUM)
    began = datetime.fromisoformat(order["entitlement"]["starts_at"])
    assert shop.call(order, 50) == 50
    shop.until(2027, 1, 1, 0)
    least = part(1_200, began, datetime(2026, 12, 31, 16, tzinfo=UTC), timedelta(days=31))
    assert shop.nets(order) == {"2026-12": 200, "M202612": least - 200}
    assert shop.call(order, 400) == 400
    shop.until(2027, 2, 1, 0)
    assert shop.nets(order)["2027-01"] == 1_600
    assert "M202701" not in shop.nets(order), "more than the minimum was used"
    shop.until(2027, 3, 1, 0)
    assert shop.nets(order)["M202702"] == 1_200, "nothing was used"
    assert shop.faults() == []


@pytest.mark.parametrize(("kind", "nets"), [("graduated", 500 + 20), ("volume", 60 * 2)])
def test_prices_by_steps_are_sold_and_what_is_held_covers_them(shop: Shop, kind: str, nets: int) -> None:
    order = shop.bought(CNY | {"kind": kind, "unit": "hit", "steps": STEPS})
    assert (shop.call(order, 49), shop.call(order, 11)) == (49, 11)
    shop.until(2027, 1, 1, 0)
    assert shop.nets(order) == {"2026-12": nets}
    assert shop.balance() == f"{(10_000 - nets * 106 / 100) / 100:.2f}"
    assert shop.faults() == []


def test_a_fee_is_the_suppliers_after_the_days_of_hold(shop: Shop) -> None:
    order = shop.bought(MONTHLY)
    shop.until(2026, 12, 30, 0)
    settlement.release_due(shop.house)
    (line,) = shop.client(shop.supplier).get("/payables").json["items"]
    assert (line["order_id"], line["state"], line["period"]) == (order["id"], "available", "F202612")
    assert shop.faults() == []


def test_files_are_not_sold_by_periods(shop: Shop) -> None:
    made = build.listed(shop.house, shop.supplier)
    offer = {"plan": FLAT, "purposes": ["training"]}
    shop.client(shop.supplier).post(f"/listings/{made.id}/offer", offer).expect(200)
    assert not plans.parse(FLAT).sellable_now("dataset")


def replaced(shop: Shop, old: dict[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """The listing gets another offer, which the buyer orders in place of the old one."""
    supplier = shop.supplier.actor

    def work(uow: Any) -> None:
        listings.set_offer(uow, supplier, old["listing_id"], plan=plan, purposes=["product"], term_months=12)
        listings.submit(uow, supplier, old["listing_id"])

    shop.house.db.write(work)
    build.approved(shop.house, shop.supplier, old["listing_id"])
    listing = shop.client().get(f"/listings/{old['listing_id']}").expect(200).json
    order_id = shop.order(listing, replaces=old["id"]).expect(201).json["id"]
    found: dict[str, Any] = shop.client().post(f"/orders/{order_id}/pay").expect(200).json
    return found


def test_after_a_change_each_call_is_billed_by_one_plan_only(shop: Shop) -> None:
    """polar #9090: the same usage on both plans."""
    old = shop.bought(MONTHLY)
    assert shop.call(old, 80) == 80
    shop.until(2026, 12, 20, 4)
    new = replaced(shop, old, MONTHLY | {"amount": "60.00", "included": 400, "overage": "0.05"})
    assert shop.right(old).ends_at <= shop.house.clock.now()
    assert shop.call(new, 30) == 30
    shop.until(2027, 1, 1, 0)
    before, after = shop.nets(old), shop.nets(new)
    assert before["2026-12"] == 10 * 10, "80 calls, of which 70 were included"
    assert "2026-12" not in after, "30 calls, all of them included"
    assert after["F202701"] == 6_000
    assert "F202701" not in before
    assert shop.subscription(old)["state"] == "ended"
    assert shop.faults() == []


def test_of_a_fee_returns_the_part_of_its_time_that_is_left(shop: Shop) -> None:
    old = shop.bought(FLAT)
    began = datetime.fromisoformat(old["entitlement"]["starts_at"])
    fee = shop.nets(old)["F2026Q4"]
    shop.until(2026, 12, 20, 4)
    replaced(shop, old, FLAT | {"amount": "90.00"})
    changed, ends = shop.right(old).ends_at, datetime(2026, 12, 31, 16, tzinfo=UTC)
    invoice, note = shop.invoices(old)
    assert -note.gross == part(invoice.gross, changed, ends, ends - began)
    assert 0 < -note.net < fee
    assert shop.faults() == []


def test_who_used_up_what_was_included_gets_nothing_back(shop: Shop) -> None:
    old = shop.bought(MONTHLY)
    assert shop.call(old, 70) == 70
    replaced(shop, old, MONTHLY | {"amount": "60.00"})
    assert len(shop.invoices(old)) == 1
    assert shop.faults() == []


def test_a_subscription_keeps_its_currency_and_its_buyer(shop: Shop) -> None:
    old = shop.bought(MONTHLY)
    listing = shop.client().get(f"/listings/{old['listing_id']}").json
    other = shop.on_sale(plan=MONTHLY)
    assert shop.order(other, replaces=old["id"]).expect(409).code == "not_replaceable"
    by_hit = shop.bought(PER_HIT)
    again = shop.client().get(f"/listings/{by_hit['listing_id']}").json
    assert shop.order(again, replaces=by_hit["id"]).expect(409).code == "no_subscription"
    stranger = build.organisation(shop.house)
    body = {"listing_id": listing["id"], "offer_id": listing["offer"]["id"], "purpose": "product", "accept_terms": True}
    shop.client(stranger).post("/orders", body | {"replaces": old["id"]}).expect(404, "order_not_found")
    table = Base.metadata.tables["trade_order"]
    dollars = update(table).where(table.c.id == old["id"]).values(currency="USD")
    shop.house.db.write(lambda uow: uow.session.execute(dollars))
    refused = shop.order(listing, replaces=old["id"]).expect(409)
    assert (refused.code, refused.json["currency"]) == ("currency_fixed", "USD")


def test_a_dearer_offer_reaches_subscribers_ninety_days_after_they_were_told(shop: Shop) -> None:
    build.funded(shop.house, shop.buyer, "1000.00")
    order = shop.bought(MONTHLY)
    supplier = shop.supplier.actor
    dearer = MONTHLY | {"amount": "45.00"}

    def work(uow: Any) -> None:
        listings.set_offer(uow, supplier, order["listing_id"], plan=dearer, purposes=["product"], term_months=12)
        listings.submit(uow, supplier, order["listing_id"])

    shop.house.db.write(work)
    build.approved(shop.house, shop.supplier, order["listing_id"])
    shop.until(2027, 1, 1, 0)
    assert shop.nets(order)["F202701"] == 3_000, "present buyers keep their terms"
    path = f"/listings/{order['listing_id']}/price-notice"
    shop.client().post(path).expect(403)
    (told,) = shop.client(shop.supplier).post(path).expect(200).json["items"]
    assert (told["order_id"], told["plan"]["amount"]) == (order["id"], "45.00")
    assert told["effective_from"].startswith("2027-04-01")
    assert shop.client(shop.supplier).post(path).expect(200).json["items"] == [told]
    for month in (2, 3, 4):
        shop.until(2027, month, 1, 12)
        assert shop.nets(order)[f"F20270{month}"] == 3_000
    shop.until(2027, 5, 1, 12)
    assert shop.nets(order)["F202705"] == 4_500, "the first period that begins after the notice"
    assert shop.right(order).plan["amount"] == "45.00"
    assert shop.client().get(f"/orders/{order['id']}").json["plan"]["amount"] == "30.00", (
        "what was ordered stays written"
    )
    actions = [step["action"] for step in shop.client().get(f"/orders/{order['id']}/decisions").json["items"]]
    assert "announce_price" in actions
    assert shop.client(shop.supplier).post(path).expect(409).code == "no_price_to_announce"
    assert shop.faults() == []


def test_a_coupon_takes_off_the_first_periods_of_a_subscription(shop: Shop) -> None:
    shop.house.db.write(lambda uow: coupons.create(uow, shop.supplier.actor, code="HALF", percent_bp=5_000, periods=2))
    listing = shop.on_sale(plan=MONTHLY)
    order_id = shop.order(listing, coupon="half").expect(201).json["id"]
    order = shop.client().post(f"/orders/{order_id}/pay").expect(200).json
    shop.until(2027, 1, 1, 0)
    shop.until(2027, 2, 1, 0)
    nets = shop.nets(order)
    assert 1_035 < nets["F202612"] < 1_045
    assert (nets["F202701"], nets["F202702"]) == (1_500, 3_000)
    second = next(each for each in shop.invoices(order) if each.period == "F202701")
    assert [(line.net, line.tax) for line in second.lines] == [(3_000, 180), (-1_500, -90)]
    assert shop.faults() == []
