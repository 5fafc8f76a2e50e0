"""Transfers, and what was taken back of them, in the processor's own dashboard: booked when finance says so."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from billing.accounting import money, outside
from billing.processor import importing
from billing.processor.errors import EntryMatched, NothingBehind
from exchange.app import create_app_of
from tests import build
from tests.billing.payouts.paying import Market
from tests.client import ApiClient
from tests.servers.stripe import FakeStripe


def dashboard(fake: FakeStripe) -> Any:
    return stripe.StripeClient(fake.key, base_addresses={"api": fake.url}).v1


def unmatched(trade: Market) -> list[Any]:
    importing.read_books(trade.house)
    return trade.read(money.unmatched)


def book(trade: Market, entry_id: str) -> None:
    finance = trade.books.recorder.actor
    trade.write(outside.book, finance, outside.look(trade.house, finance, entry_id), reason="paid by hand")


def test_a_transfer_made_in_the_dashboard_leaves_the_suppliers_balance(trade: Market, stripe: FakeStripe) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    to = trade.account(supplier).remote_id
    made = dashboard(stripe).transfers.create({"amount": 50_000, "currency": "cny", "destination": to})
    (left,) = unmatched(trade)
    assert (left.kind, left.source, left.amount) == ("transfer", made.id, -50_000)
    book(trade, left.id)
    with pytest.raises(EntryMatched):
        book(trade, left.id)
    assert (trade.available(supplier), unmatched(trade)) == (40_000, [])
    (payout,) = trade.run().payouts
    assert (payout.amount, trade.available(supplier)) == (40_000, 0), "the next run pays so much less"
    trade.sound()


def test_what_the_dashboard_took_back_stands_on_the_balance_again(trade: Market, stripe: FakeStripe) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    (payout,) = trade.run().payouts
    dashboard(stripe).transfers.reversals.create(trade.payout(payout.id).remote_id, {"amount": 20_000})
    (left,) = unmatched(trade)
    book(trade, left.id)
    assert (trade.available(supplier), trade.payout(payout.id).reversed) == (20_000, 20_000)
    with pytest.raises(EntryMatched):
        book(trade, left.id)
    trade.paid_once()
    trade.sound()


def test_to_nobody_of_ours_is_not_booked(trade: Market, stripe: FakeStripe) -> None:
    api = dashboard(stripe)
    other = api.accounts.create(
        {"country": "HK", "type": "express", "capabilities": {"transfers": {"requested": True}}}
    )  # fmt: skip
    stripe.control.onboard(other.id)
    sent = api.transfers.create({"amount": 5_000, "currency": "cny", "destination": other.id})
    api.transfers.reversals.create(sent.id, {"amount": 1_000})
    before = trade.books.faults()
    for each in unmatched(trade):
        with pytest.raises(NothingBehind):
            book(trade, each.id)
    assert (len(unmatched(trade)), trade.books.faults()) == (2, before)


def test_by_the_api(trade: Market, stripe: FakeStripe) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    to = trade.account(supplier).remote_id
    dashboard(stripe).transfers.create({"amount": 50_000, "currency": "cny", "destination": to})
    (left,) = unmatched(trade)
    app = create_app_of(trade.house)
    body = {"entry_id": left.id, "reason": "paid by hand"}
    for stranger in (supplier, build.platform_person(trade.house, "operator")):
        ApiClient(app, stranger.token).post("/money/outside", body).expect(403)
    finance = ApiClient(app, build.platform_person(trade.house, "finance").token)
    assert finance.get("/money").expect(200).json["unmatched"][0]["id"] == left.id
    assert finance.post("/money/outside", body).expect(201).json["id"].startswith("pyo_")
    finance.post("/money/outside", body).expect(409, "balance_entry_matched")
    assert finance.get("/money").expect(200).json["unmatched"] == []
