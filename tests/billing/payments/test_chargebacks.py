"""Contested payments: put aside, answered, won or lost, and what is lost is made good."""

from __future__ import annotations

import pytest

from billing.payments import chargebacks, queries
from billing.payments.errors import ChargebackDecided, ChargebackNotFound
from billing.payments.types import Chargeback, ChargebackState
from core.problems import Refused
from tests import build
from tests.billing.payments.paying import Paid


def _contested(paid: Paid, amount: str = "100.00") -> Chargeback:
    paid.paid(amount)
    paid.stripe.control.dispute(paid.stripe.control.objects("charge")[-1]["id"])
    paid.tell()
    return _now(paid)


def _now(paid: Paid) -> Chargeback:
    page = paid.house.db.read(lambda uow: queries.chargebacks(uow, paid.finance.actor))
    return page.items[0]


def _decided(paid: Paid, found: Chargeback, *, won: bool) -> Chargeback:
    paid.stripe.control.decide(found.remote_id, won=won)
    paid.tell()
    paid.read_books()
    return _now(paid)


def test_what_is_there_waits_for_the_outcome(paid: Paid) -> None:
    found = _contested(paid)
    assert (found.state, found.held, found.withdrawn) == (ChargebackState.OPEN, 10000, True)
    assert (paid.balance(), paid.faults()) == (0, [])
    paid.read_books()
    assert paid.clearing() == paid.at_stripe()


def test_won(paid: Paid) -> None:
    found = _decided(paid, _contested(paid), won=True)
    assert (found.state, found.held, paid.balance()) == (ChargebackState.WON, 0, 10000)
    assert (paid.clearing(), paid.faults()) == (paid.at_stripe(), [])


def test_lost_with_the_money_there(paid: Paid) -> None:
    found = _decided(paid, _contested(paid), won=False)
    assert (found.state, found.owed, paid.balance()) == (ChargebackState.LOST, 0, 0)
    assert (paid.clearing(), paid.faults()) == (paid.at_stripe(), [])


def test_lost_after_it_was_spent_is_taken_from_what_comes_next(paid: Paid) -> None:
    paid.paid("106.00")
    supplier = build.organisation(paid.house)
    build.paid(paid.house, paid.buyer, build.listed(paid.house, supplier, amount="100.00"))
    paid.stripe.control.dispute(paid.stripe.control.objects("charge")[-1]["id"])
    paid.tell()
    found = _decided(paid, _now(paid), won=False)
    assert (found.owed, paid.balance(), paid.faults()) == (10600, 0, [])
    paid.paid("40.00")
    assert (_now(paid).owed, paid.balance(), paid.faults()) == (6600, 0, [])
    paid.paid("80.00")
    assert (_now(paid).owed, paid.balance(), paid.faults()) == (0, 1400, [])


def test_evidence_is_given_once_by_finance(paid: Paid) -> None:
    found = _contested(paid)

    def answer(who: build.Built) -> Chargeback:
        return paid.house.db.write(
            lambda uow: chargebacks.answer(uow, who.actor, found.id, evidence="Delivered on the 3rd; accepted.")
        )

    with pytest.raises(Refused):
        answer(paid.buyer)
    with pytest.raises(ChargebackNotFound):
        answer(build.organisation(paid.house))
    answer(paid.finance)
    with pytest.raises(ChargebackDecided):
        answer(paid.finance)
    paid.settle_attempts()
    assert _now(paid).state is ChargebackState.ANSWERED
    sent = paid.stripe.control.objects("dispute")[0]
    assert sent["evidence"]["uncategorized_text"].startswith("Delivered on the 3rd")


def test_told_in_any_order_and_often(paid: Paid) -> None:
    found = _contested(paid)
    paid.stripe.control.decide(found.remote_id, won=False)
    for event in reversed(paid.stripe.control.events()):
        paid.deliver(event)
        paid.deliver(event)
    assert (_now(paid).state, paid.balance(), paid.faults()) == (ChargebackState.LOST, 0, [])
