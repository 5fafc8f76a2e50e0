"""What arrived goes back the way it came: never more, never twice, and not what was spent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from billing.ledger.errors import BalanceTooLow
from billing.payments import refunds
from billing.payments.errors import PaymentEnded, PaymentNotFound, RefundTooLarge
from billing.payments.types import CardRefund, Payment, RefundState
from core.problems import DomainError, Refused
from tests import build
from tests.billing.payments.paying import Paid


def _refund(paid: Paid, payment: Payment, amount: str, who: build.Built | None = None) -> CardRefund:
    actor = (who or paid.buyer).actor
    return paid.house.db.write(
        lambda uow: refunds.refund(uow, actor, payment.id, amount=amount, reason="not needed any more")
    )


def test_a_part_and_then_the_rest(paid: Paid) -> None:
    payment = paid.paid("100.00")
    _refund(paid, payment, "30.00")
    assert (paid.balance(), paid.now(payment).refunding) == (7000, 3000)
    paid.settle_attempts()
    assert [each.state for each in paid.refunds(payment)] == [RefundState.SETTLED]
    _refund(paid, payment, "70.00", paid.finance)
    paid.settle_attempts()
    paid.tell()
    paid.read_books()
    assert (paid.balance(), paid.now(payment).refunded, paid.now(payment).refundable) == (0, 10000, 0)
    assert (paid.clearing(), paid.faults()) == (paid.at_stripe(), [])


def test_two_people_at_once_do_not_refund_more_than_was_paid(paid: Paid) -> None:
    payment = paid.paid("100.00")
    other = build.member(paid.house, paid.buyer, "finance")
    together = Barrier(2)

    def ask(who: build.Built) -> str:
        together.wait()
        try:
            return str(_refund(paid, payment, "60.00", who).state)
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (paid.buyer, other))) == ["refund_too_large", "reserved"]
    paid.settle_attempts()
    assert [each["amount"] for each in paid.stripe.control.objects("refund")] == [6000]
    assert (paid.balance(), paid.faults()) == (4000, [])


def test_refusals_change_nothing(paid: Paid) -> None:
    payment, stranger = paid.paid("100.00"), build.organisation(paid.house)
    developer = build.member(paid.house, paid.buyer, "developer")
    for who, amount, error in (
        (paid.buyer, "100.01", RefundTooLarge),
        (stranger, "1.00", PaymentNotFound),
        (developer, "1.00", PaymentNotFound),
        (paid.buyer, "-1.00", DomainError),
        (paid.buyer, "1e-30", DomainError),
    ):
        with pytest.raises(error):
            _refund(paid, payment, amount, who)
    with pytest.raises(PaymentEnded):
        _refund(paid, paid.top_up("5.00"), "1.00")
    buyer_role = build.member(paid.house, paid.buyer, "buyer")
    with pytest.raises(Refused):
        _refund(paid, payment, "1.00", buyer_role)
    assert (paid.refunds(payment), paid.balance(), paid.now(payment).refunding) == ([], 10000, 0)


def test_what_was_spent_does_not_go_back(paid: Paid) -> None:
    payment = paid.paid("106.00")
    supplier = build.organisation(paid.house)
    build.paid(paid.house, paid.buyer, build.listed(paid.house, supplier, amount="100.00"))
    with pytest.raises(BalanceTooLow):
        _refund(paid, payment, "0.01")
    assert (paid.now(payment).refunding, paid.faults()) == (0, [])


def test_what_the_processor_refuses_is_back_and_its_key_has_ended(paid: Paid) -> None:
    """Asked for anew it is another attempt with another key: the first one's answer can pay nobody."""
    payment = paid.paid("100.00")
    charge = paid.stripe.control.objects("charge")[0]
    paid.stripe.control.dispute(charge["id"])
    _refund(paid, payment, "40.00")
    paid.settle_attempts()
    assert [each.state for each in paid.refunds(payment)] == [RefundState.FAILED]
    assert (paid.balance(), paid.now(payment).refunding, paid.faults()) == (10000, 0, [])


def test_a_refund_that_comes_back_is_on_the_balance_again(paid: Paid) -> None:
    payment = paid.paid("100.00")
    _refund(paid, payment, "40.00")
    paid.settle_attempts()
    paid.stripe.control.conclude_refund(paid.refunds(payment)[0].remote_id, failed=True)
    paid.tell()
    assert [each.state for each in paid.refunds(payment)] == [RefundState.FAILED]
    assert (paid.balance(), paid.now(payment).refunded, paid.faults()) == (10000, 0, [])
    paid.read_books()
    assert paid.clearing() == paid.at_stripe()
