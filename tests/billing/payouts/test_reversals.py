"""Transfers are taken back when their suppliers owe. A refund to the buyer and a reversal may come in any order, and

either may fail: nobody's money depends on it (pay-connector #1792).
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from billing.payments import queries as payments
from billing.payments import refunds
from billing.payouts import queries, reversals
from billing.payouts.errors import PayoutEnded, PayoutNotFound, ReversalTooLarge
from billing.payouts.types import Payout, Reversal
from billing.processor import queries as processor
from billing.processor import service as asking
from billing.processor.types import Kind
from compliance.policy import PolicyRefused
from core.db import Uow
from core.money import format_amount
from tests.billing.payouts.paying import LEASE, Killed, Market, interrupted
from tests.build import Built


def ask(trade: Market, payout: Payout, minor: int) -> Reversal:
    amount = format_amount(minor, "CNY")
    return trade.write(reversals.reverse, trade.books.recorder.actor, payout.id, amount=amount, reason="late refund")


def owing(trade: Market) -> tuple[Built, Payout, int]:
    """A supplier who was paid for an order of which the buyer got a half back."""
    supplier = trade.supplier(onboarded=True)
    order = trade.earn(supplier, 90_000)
    (payout,) = trade.run().payouts
    trade.take_back(order, 45_000)
    return supplier, payout, -trade.available(supplier)


def test_what_a_supplier_owes_is_taken_back_from_its_account_with_the_processor(trade: Market) -> None:
    supplier, payout, owed = owing(trade)
    for part in (owed // 3, owed - owed // 3):
        ask(trade, payout, part)
        trade.carry_out()
    assert trade.available(supplier) == 0
    assert (trade.payout(payout.id).reversed, trade.sent()[0][2]) == (owed, owed)
    trade.paid_once()
    trade.sound()


def test_no_more_is_taken_back_than_is_owed_also_by_two_people(trade: Market) -> None:
    _, payout, owed = owing(trade)
    with pytest.raises(ReversalTooLarge):
        ask(trade, payout, owed + 1)
    ask(trade, payout, owed)
    with pytest.raises(ReversalTooLarge):
        ask(trade, payout, 1)
    trade.carry_out()
    with pytest.raises(ReversalTooLarge):
        ask(trade, payout, 1)
    trade.sound()


def test_before_the_refund_there_is_nothing_to_take_back(trade: Market) -> None:
    supplier = trade.supplier(onboarded=True, earned=90_000)
    (payout,) = trade.run().payouts
    with pytest.raises(ReversalTooLarge) as refusal:
        ask(trade, payout, 45_000)
    assert refusal.value.extra["reversible"] == "0.00"
    assert (trade.available(supplier), trade.sent()[0][2]) == (0, 0)


@pytest.mark.parametrize("first", ["refund", "reversal"])
@pytest.mark.parametrize("failing", ["", "refund", "reversal", "both"])
def test_refund_and_reversal_in_either_order_each_failing(trade: Market, first: str, failing: str) -> None:
    payment = trade.top_up(100_000)
    supplier, payout, owed = owing(trade)
    before = trade.books.balance(str(trade.buyer.organisation_id))
    refund = trade.write(refunds.refund, trade.buyer.actor, payment, amount="300.00", reason="late")
    reversal = ask(trade, payout, owed)
    if failing in ("reversal", "both"):
        trade.fake.sweep(trade.account(supplier).remote_id, "cny")  # it has gone to the supplier's own bank
    subjects = {"refund": refund.id, "reversal": reversal.id}
    for name in (first, *(subjects.keys() - {first})):
        (attempt,) = trade.read(processor.attempts_of, subjects[name])
        asking.carry_out(trade.house, attempt.id)
        if name == "refund" and failing in ("refund", "both"):
            trade.fake.conclude_refund(trade.read(_remote_of, payment), failed=True)
            _follow_refund(trade, payment)
    trade.carry_out()
    refunded = 0 if failing in ("refund", "both") else 30_000
    reversed_ = 0 if failing in ("reversal", "both") else owed
    assert trade.books.balance(str(trade.buyer.organisation_id)) == before - refunded
    assert trade.available(supplier) == reversed_ - owed
    assert trade.payout(payout.id).reversing == 0
    trade.paid_once()
    trade.sound()


def _remote_of(uow: Uow, payment_id: str) -> str:
    return payments.refunds_of(uow, payment_id)[0].remote_id


def _follow_refund(trade: Market, payment_id: str) -> None:
    asking.follow(trade.house, Kind.REFUND, trade.read(_remote_of, payment_id))


@pytest.mark.parametrize("fate", ["killed before", "killed after", "lost after"])
def test_an_interrupted_reversal_is_made_once(trade: Market, fate: str) -> None:
    supplier, payout, owed = owing(trade)
    ask(trade, payout, owed)
    fates = iter([fate])
    with interrupted(trade.house, lambda: next(fates, "")):
        with suppress(Killed):
            trade.carry_out()
        trade.house.clock.advance(LEASE)
        trade.carry_out()
    assert (trade.available(supplier), trade.sent()[0][2]) == (0, owed)
    trade.sound()


def test_others_neither_see_nor_reverse(trade: Market) -> None:
    supplier, payout, _ = owing(trade)
    stranger = trade.supplier()
    for actor in (stranger.actor, trade.buyer.actor):
        with pytest.raises(PayoutNotFound):
            trade.read(queries.payout, actor, payout.id)
        with pytest.raises(PayoutNotFound):
            trade.write(reversals.reverse, actor, payout.id, amount="1.00", reason="mine")
    with pytest.raises(PolicyRefused):
        trade.write(reversals.reverse, supplier.actor, payout.id, amount="1.00", reason="mine")
    assert trade.read(queries.payout, supplier.actor, payout.id).amount == payout.amount


def test_a_bank_transfer_is_not_reversed(trade: Market) -> None:
    trade.supplier(bank=True, earned=9_000)
    (payout,) = trade.run().payouts
    with pytest.raises(PayoutEnded):
        ask(trade, payout, 100)
