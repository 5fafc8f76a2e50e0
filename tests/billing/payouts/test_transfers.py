"""Transfers within the processor: sent once, given back when refused, never sent again."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from billing.payouts import handlers, queries, runs
from billing.payouts.errors import PayoutUnderWay, RunOpen
from billing.payouts.types import RunReport
from billing.processor import queries as processor
from compliance.identity.events import OrganisationClosing
from tests.billing.payouts.paying import LEASE, Killed, Market, dying_at_unit, interrupted


def test_what_is_available_is_transferred_and_the_books_agree_with_the_processors(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    report = trade.run()
    (payout,) = report.payouts
    assert (payout.amount, str(payout.state), payout.carried) == (90_000, "settled", 0)
    assert trade.sent() == [(trade.account(supplier).remote_id, 90_000, 0)]
    assert trade.available(supplier) == 0
    assert trade.fake.objects("transfer")[0]["transfer_group"] == payout.id
    trade.sound()
    assert trade.run().payouts == ()
    assert len(trade.sent()) == 1


def test_a_refused_transfer_is_given_back_and_another_run_pays_it_with_another_key(trade: Market) -> None:
    """The double payout of elizaOS #11022: a compensated key was sent again, and then did what it had not done."""
    supplier = trade.supplier(onboarded=True, earned=90_000)
    trade.write(runs.start, trade.books.recorder.actor, currency="CNY")
    trade.fake.sweep("", "cny")  # nothing is left at the processor
    (first,) = _proceed(trade).payouts
    assert (str(first.state), first.code) == ("failed", "balance_insufficient")
    assert (trade.available(supplier), trade.sent()) == (90_000, [])
    trade.fake.fund(200_000, "cny")
    trade.house.clock.advance(LEASE)
    trade.carry_out()  # a key that was compensated is never sent again
    assert trade.sent() == []
    (second,) = trade.run().payouts
    assert (str(second.state), second.amount, second.id != first.id) == ("settled", 90_000, True)
    keys = [attempt.id for each in (first, second) for attempt in trade.read(processor.attempts_of, each.id)]
    assert len(set(keys)) == 2
    assert len(trade.sent()) == 1
    assert trade.books.faults() == []
    trade.paid_once()


@pytest.mark.parametrize("fate", ["killed before", "killed after", "lost before", "lost after"])
def test_an_interrupted_transfer_is_made_once(trade: Market, fate: str) -> None:
    trade.supplier(onboarded=True, earned=90_000)
    fates = iter([fate])
    with interrupted(trade.house, lambda: next(fates, "")):
        with suppress(Killed):
            trade.run()
        trade.house.clock.advance(LEASE)
        trade.carry_out()
    assert [amount for _, amount, _ in trade.sent()] == [90_000]
    trade.paid_once()
    trade.sound()


def test_a_run_killed_at_any_unit_is_carried_on_and_pays_everybody_once(trade: Market) -> None:
    suppliers = [trade.supplier(onboarded=True) for _ in range(3)]
    for number in range(1, 5):
        for after in (False, True):
            for supplier in suppliers:
                trade.earn(supplier, 9_000)
            started = trade.write(runs.start, trade.books.recorder.actor, currency="CNY")
            with dying_at_unit(trade.house, number, after=after), pytest.raises((Killed, ExceptionGroup)):
                runs.proceed(trade.house, started.id)
            trade.house.clock.advance(LEASE)
            runs.look_after(trade.house)
            trade.carry_out()
            report = trade.report(started.id)
            assert report.run.finished_at is not None
            assert [payout.amount for payout in report.payouts] == [9_000] * 3
    assert len(trade.sent()) == 8 * 3
    trade.paid_once()
    trade.sound()


def test_two_runs_and_two_people_at_once_pay_once(trade: Market) -> None:
    for _ in range(2):
        trade.supplier(onboarded=True, earned=45_000)
    outcomes: list[str] = []

    def person() -> None:
        try:
            trade.run()
            outcomes.append("ran")
        except RunOpen:
            outcomes.append("told")

    together = [threading.Thread(target=person) for _ in range(3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert "ran" in outcomes
    assert len(outcomes) == 3
    trade.carry_out()
    assert [amount for _, amount, _ in trade.sent()] == [45_000, 45_000]
    trade.paid_once()
    trade.sound()


def test_one_run_carried_out_by_several_pays_once(trade: Market) -> None:
    for _ in range(3):
        trade.supplier(onboarded=True, earned=9_000)
    started = trade.write(runs.start, trade.books.recorder.actor, currency="CNY")
    with pytest.raises(RunOpen):
        trade.write(runs.start, trade.books.confirmer.actor, currency="CNY")
    together = [threading.Thread(target=runs.proceed, args=(trade.house, started.id)) for _ in range(3)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    trade.carry_out()
    assert len(trade.report(started.id).payouts) == 3
    trade.paid_once()
    trade.sound()


def test_who_is_being_paid_does_not_close(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    started = trade.write(runs.start, trade.books.recorder.actor, currency="CNY")
    runs.proceed(trade.house, started.id)
    closing = OrganisationClosing(organisation_id=str(supplier.organisation_id))
    with pytest.raises(PayoutUnderWay):
        trade.write(handlers.refuse_while_under_way, closing)
    trade.carry_out()
    trade.write(handlers.refuse_while_under_way, closing)


def _proceed(trade: Market) -> RunReport:
    run = trade.read(queries.open_run, "CNY")
    assert run is not None
    runs.proceed(trade.house, run.id)
    trade.carry_out()
    return trade.report(run.id)
