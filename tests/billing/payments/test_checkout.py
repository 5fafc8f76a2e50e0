"""Top-ups and invoices by card and wallet, against the fake Stripe."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.payments import checkout
from billing.payments.following import look_after
from billing.payments.types import PaymentState
from core.problems import Refused
from tests import build
from tests.billing.payments.paying import Paid


def test_a_top_up_by_card_arrives_once(paid: Paid) -> None:
    payment = paid.top_up("120.00")
    assert (payment.state, payment.url.startswith(paid.stripe.url)) == (PaymentState.OPEN, True), payment
    paid.pay(payment)
    assert paid.balance() == 0
    told = paid.tell()
    assert "done" in told
    assert set(paid.tell()) <= {"known", "ignored"}
    assert (paid.now(payment).state, paid.now(payment).received) == (PaymentState.SUCCEEDED, 12000)
    assert paid.balance() == 12000
    assert paid.read_books() == 1
    assert paid.read_books() == 0
    assert paid.clearing() == paid.at_stripe()
    assert paid.faults() == []


@pytest.mark.parametrize("method", ["alipay", "wechat_pay"])
def test_wallets(paid: Paid, method: str) -> None:
    assert paid.paid("88.00", method).state is PaymentState.SUCCEEDED
    assert (paid.balance(), paid.faults()) == (8800, [])


def test_a_dropped_message_is_found_by_looking(paid: Paid) -> None:
    payment = paid.top_up()
    paid.pay(payment)
    assert look_after(paid.house) == 0
    paid.house.clock.advance(timedelta(seconds=61))
    assert look_after(paid.house) == 1
    assert paid.now(payment).state is PaymentState.SUCCEEDED


def test_who_may_not_pay_begins_nothing(paid: Paid) -> None:
    developer = build.member(paid.house, paid.buyer, "developer")
    with pytest.raises(Refused):
        paid.house.db.write(
            lambda uow: checkout.top_up(uow, developer.actor, amount="1.00", currency="CNY", method="card")
        )
    assert paid.stripe.control.objects("checkout.session") == []
