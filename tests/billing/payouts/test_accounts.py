"""Accounts with the processor: begun once, filled in there, followed by what was seen last; and arrivals at banks."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import stripe as package

from billing.payouts import accounts, queries
from billing.payouts.errors import AccountNotBegun
from billing.processor import inbox
from billing.processor.types import Kind, Told
from compliance.policy import PolicyRefused
from tests import build
from tests.billing.payouts.paying import Market
from tests.servers.stripe import SECRET


def deliver(trade: Market, kind: str) -> None:
    for event in trade.fake.events(kind):
        raw = json.dumps(event)
        inbox.receive(trade.house, raw.encode(), package.WebhookSignature.generate_signature_header(raw, SECRET))


def test_an_account_is_begun_once_and_filled_in_by_a_link_that_is_kept_nowhere(trade: Market) -> None:
    supplier = trade.supplier()
    with pytest.raises(AccountNotBegun):
        accounts.link(trade.house, supplier.actor)
    for _ in range(2):
        trade.write(accounts.begin, supplier.actor)
    links = {accounts.link(trade.house, supplier.actor) for _ in range(2)}
    assert len(links) == 2
    (made,) = trade.fake.objects("account")
    assert (made["type"], made["country"], list(made["capabilities"])) == ("express", "CN", ["transfers"])
    found = trade.account(supplier)
    assert (found.remote_id, found.ready) == (made["id"], False)
    assert "external_account" in found.due


def test_its_state_is_told_by_messages_and_found_without_them(trade: Market) -> None:
    supplier = trade.supplier()
    trade.write(accounts.begin, supplier.actor)
    trade.carry_out()
    remote_id = trade.account(supplier).remote_id
    trade.fake.onboard(remote_id)
    deliver(trade, "account.updated")
    assert trade.account(supplier).ready
    trade.fake.restrict(remote_id)
    assert trade.account(supplier).ready
    trade.house.clock.advance(timedelta(days=2))
    accounts.look_after(trade.house)
    found = trade.account(supplier)
    assert (found.ready, found.disabled_reason) == (False, "requirements.past_due")
    assert found.due == ("individual.verification.document",)


def test_what_was_seen_earlier_does_not_take_the_place_of_what_was_seen_later(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True)
    now, account = trade.house.clock.now(), trade.account(supplier)
    old = {"id": account.remote_id, "details_submitted": False, "payouts_enabled": False}
    trade.write(accounts.told, Told(Kind.ACCOUNT, account.remote_id, old, seen_at=now - timedelta(hours=1)))
    assert trade.account(supplier).ready
    trade.write(accounts.told, Told(Kind.ACCOUNT, account.remote_id, old, seen_at=now + timedelta(hours=1)))
    assert not trade.account(supplier).ready


def test_owner_and_finance_fill_it_in_and_nobody_else(trade: Market) -> None:
    supplier = trade.supplier()
    trade.write(accounts.begin, build.member(trade.house, supplier, "finance").actor)
    for actor in (build.member(trade.house, supplier, "supplier").actor, trade.books.recorder.actor):
        with pytest.raises(PolicyRefused):
            trade.write(accounts.begin, actor)


def test_what_arrives_at_the_suppliers_bank_is_seen(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    trade.run()
    remote_id = trade.account(supplier).remote_id
    payout = trade.fake.sweep(remote_id, "cny")["id"]
    deliver(trade, "payout.created")
    assert [(a.amount, a.state) for a in trade.read(queries.arrivals, supplier.actor)] == [(90_000, "pending")]
    trade.fake.advance(3 * 86_400)
    deliver(trade, "payout.paid")
    assert [a.state for a in trade.read(queries.arrivals, supplier.actor)] == ["paid"]
    trade.fake.fail_payout(payout)
    deliver(trade, "payout.failed")
    (arrival,) = trade.read(queries.arrivals, supplier.actor)
    assert (arrival.state, bool(arrival.message)) == ("failed", True)
    assert trade.read(queries.arrivals, trade.buyer.actor) == []
    trade.sound()
