"""Whom a run pays, and whom not and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.payouts import accounts, queries, runs
from billing.payouts.errors import RunNotFound
from billing.settlement import service as settlement
from compliance.identity import service as identity
from compliance.policy import PolicyRefused
from core.actor import Actor
from core.money import UnknownCurrency
from core.problems import Invalid
from tests import build
from tests.billing.payouts.paying import Market


def test_everybody_who_is_not_paid_has_a_reason(trade: Market) -> None:
    nowhere = trade.supplier(earned=9_000)
    begun = trade.supplier(earned=9_000)
    trade.onboard(begun, complete=False)
    restricted = trade.supplier(onboarded=True, earned=9_000)
    trade.fake.restrict(trade.account(restricted).remote_id)
    accounts.refresh(trade.house, restricted.actor)
    little = trade.supplier(onboarded=True, earned=900)
    stopped = trade.supplier(onboarded=True, earned=9_000)
    trade.write(identity.set_qualification, stopped.organisation_id, state="suspended", level=1, until=None)
    changed = trade.supplier(bank=True, earned=9_000)
    trade.bank_account(changed, "6222021001123456780")
    owing = trade.supplier(onboarded=True)
    order = trade.earn(owing, 9_000)
    trade.run()
    trade.take_back(order, 4_500)
    report = trade.run()
    assert trade.skipped(report) == {
        nowhere.organisation_id: "no_destination", begun.organisation_id: "account_incomplete",
        restricted.organisation_id: "account_restricted", little.organisation_id: "below_minimum",
        stopped.organisation_id: "organisation_stopped", changed.organisation_id: "bank_account_cooling",
        owing.organisation_id: "negative",
    }  # fmt: skip
    assert report.payouts == ()
    trade.sound()


def test_a_negative_balance_is_carried_forward(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True)
    order = trade.earn(supplier, 90_000)
    trade.run()
    trade.take_back(order, 45_000)
    owed = -trade.available(supplier)
    assert 44_000 < owed <= 45_000
    (skip,) = trade.run().skips
    assert (str(skip.reason), skip.balance) == ("negative", -owed)
    trade.earn(supplier, 90_000)
    (payout,) = trade.run().payouts
    assert (payout.amount, payout.carried) == (90_000 - owed, 0)
    assert trade.available(supplier) == 0
    trade.sound()


def test_a_withheld_line_waits_and_the_others_are_paid(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True)
    disputed, _ = trade.earn(supplier, 9_000), trade.earn(supplier, 18_000)
    trade.write(settlement.withhold, order_id=disputed)
    (payout,) = trade.run().payouts
    assert (payout.amount, trade.available(supplier)) == (18_000, 9_000)
    assert trade.skipped(trade.run()) == {supplier.organisation_id: "withheld"}
    trade.write(settlement.let_go, order_id=disputed)
    (payout,) = trade.run().payouts
    assert payout.amount == 9_000
    trade.sound()


def test_what_was_released_later_waits_for_the_next_run(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=9_000)
    moment = trade.house.clock.now()
    trade.house.clock.advance(timedelta(hours=1))
    trade.earn(supplier, 18_000)
    assert [payout.amount for payout in trade.run(as_of=moment).payouts] == [9_000]
    assert [payout.amount for payout in trade.run().payouts] == [18_000]


def test_a_run_has_a_currency_and_no_time_to_come(trade: Market) -> None:
    finance = trade.books.recorder.actor
    with pytest.raises(Invalid):
        trade.write(runs.start, finance, currency="CNY", as_of=trade.house.clock.now() + timedelta(days=1))
    with pytest.raises(UnknownCurrency):
        trade.write(runs.start, finance, currency="XXQ")


def test_only_finance_of_the_platform_runs_and_sees(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=9_000)
    report = trade.run()
    for actor in (supplier.actor, Actor(), build.platform_person(trade.house, "operator").actor):
        with pytest.raises(PolicyRefused):
            trade.write(runs.start, actor, currency="CNY")
    for actor in (supplier.actor, Actor()):
        with pytest.raises(RunNotFound):
            trade.read(queries.run, actor, report.run.id)
