"""Remote steps that are interrupted, repeated, unanswered and forgotten: each happens once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from billing.payments import checkout, queries, refunds
from billing.payments.errors import NoCardSaved, PaymentOpen
from billing.payments.types import Payment, PaymentState, RefundState
from billing.processor import queries as processor
from billing.processor import service as asking
from billing.processor.client import Processor
from billing.processor.errors import ProcessorUnavailable
from tests.billing.payments.paying import Paid


class Killed(BaseException):
    """The process ends here: nothing that comes after is done."""


class Killing:
    """The processor of a process that is killed before or after its effect."""

    def __init__(self, behind: Any, when: str) -> None:
        self._behind, self._when = behind, when

    def ask(self, attempt: Any) -> Any:
        if self._when == "before":
            raise Killed
        self._behind.ask(attempt)
        raise Killed


def _begun(paid: Paid, amount: str = "100.00", **how: Any) -> Payment:
    given = {"amount": amount, "currency": "CNY", "method": "card"} | how
    return paid.house.db.write(lambda uow: checkout.top_up(uow, paid.buyer.actor, **given))


def _killed(paid: Paid, when: str) -> None:
    behind = paid.processor()
    paid.house.provide(Processor, Killing(behind, when))
    with pytest.raises(Killed):
        asking.resume(paid.house)
    paid.house.provide(Processor, behind)  # type: ignore[type-abstract]
    paid.house.clock.advance(timedelta(minutes=1))


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_step_of_a_top_up(paid: Paid, when: str) -> None:
    payment = _begun(paid)
    for _ in range(2):  # the customer, then the page
        _killed(paid, when)
        asking.resume(paid.house)
    assert [len(paid.stripe.control.objects(kind)) for kind in ("customer", "checkout.session")] == [1, 1]
    assert paid.now(payment).state is PaymentState.OPEN


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_in_a_refund(paid: Paid, when: str) -> None:
    payment = paid.paid()
    paid.house.db.write(lambda uow: refunds.refund(uow, paid.buyer.actor, payment.id, amount="10.00", reason="x"))
    _killed(paid, when)
    assert paid.balance() == 9000
    asking.resume(paid.house)
    assert [each["amount"] for each in paid.stripe.control.objects("refund")] == [1000]
    assert ([each.state for each in paid.refunds(payment)], paid.faults()) == ([RefundState.SETTLED], [])


@pytest.mark.parametrize(
    ("kind", "when"), [("close", "before"), ("close", "after"), ("500", "before"), ("500", "after"), ("429", "before")]
)
def test_an_answer_that_is_lost(paid: Paid, kind: str, when: str) -> None:
    payment = paid.paid()
    paid.house.db.write(lambda uow: refunds.refund(uow, paid.buyer.actor, payment.id, amount="10.00", reason="x"))
    paid.stripe.control.fault(kind, when=when, path="/v1/refunds*")
    asking.resume(paid.house)
    assert [each.state for each in paid.refunds(payment)] == [RefundState.RESERVED]
    paid.house.clock.advance(timedelta(minutes=1))
    asking.resume(paid.house)
    assert [each["amount"] for each in paid.stripe.control.objects("refund")] == [1000]
    assert ([each.state for each in paid.refunds(payment)], paid.faults()) == ([RefundState.SETTLED], [])


def test_down_for_an_hour(paid: Paid) -> None:
    """A payment waits, is tried again at longer and longer intervals, and goes on."""
    paid.stripe.control.down(3600)
    payment = checkout.proceed(paid.house, _begun(paid).id)
    assert payment.state is PaymentState.PLANNED
    tried = 0
    for _ in range(60):
        paid.house.clock.advance(timedelta(minutes=1))
        tried += asking.resume(paid.house)
    assert 8 <= tried <= 20
    assert [attempt.state for attempt in paid.house.db.read(processor.stuck)] == ["planned"]
    paid.stripe.control.up()
    paid.house.clock.advance(timedelta(minutes=10))
    paid.settle_attempts()
    assert paid.now(payment).state is PaymentState.OPEN


def test_a_key_that_the_processor_has_forgotten_does_not_pay_twice(paid: Paid) -> None:
    """What was done before the answer was lost is found by its mark."""
    payment = paid.paid()
    paid.house.db.write(lambda uow: refunds.refund(uow, paid.buyer.actor, payment.id, amount="10.00", reason="x"))
    _killed(paid, "after")
    paid.stripe.control.advance(40 * 3600)
    paid.house.clock.advance(timedelta(hours=40))
    asking.resume(paid.house)
    assert [each["amount"] for each in paid.stripe.control.objects("refund")] == [1000]
    assert ([each.state for each in paid.refunds(payment)], paid.faults()) == ([RefundState.SETTLED], [])


def test_cancelled_while_its_payer_pays(paid: Paid) -> None:
    """The money arrives, whatever was wished meanwhile."""
    payment = paid.top_up()
    paid.house.db.write(lambda uow: checkout.cancel(uow, paid.buyer.actor, payment.id))
    paid.pay(payment)
    paid.settle_attempts()
    paid.tell()
    assert (paid.now(payment).state, paid.balance(), paid.faults()) == (PaymentState.SUCCEEDED, 10000, [])


def test_cancelled_before_anybody_pays(paid: Paid) -> None:
    payment = paid.top_up()
    paid.house.db.write(lambda uow: checkout.cancel(uow, paid.buyer.actor, payment.id))
    paid.settle_attempts()
    paid.tell()
    assert paid.now(payment).state is PaymentState.CANCELLED
    assert paid.stripe.control.objects("checkout.session")[0]["status"] == "expired"


def test_cancelled_before_the_processor_knew(paid: Paid) -> None:
    payment = _begun(paid)
    paid.house.db.write(lambda uow: checkout.cancel(uow, paid.buyer.actor, payment.id))
    paid.settle_attempts()
    assert paid.now(payment).state is PaymentState.CANCELLED
    assert {each["status"] for each in paid.stripe.control.objects("checkout.session")} <= {"expired"}


def test_a_page_that_runs_out_can_be_begun_anew(paid: Paid) -> None:
    payment = paid.top_up()
    paid.stripe.control.advance(25 * 3600)
    paid.tell()
    assert (paid.now(payment).state, paid.now(payment).code) == (PaymentState.EXPIRED, "expired")
    assert paid.paid().state is PaymentState.SUCCEEDED


def test_a_declined_card_keeps_the_page_open(paid: Paid) -> None:
    payment = paid.top_up()
    with pytest.raises(Exception, match="declined"):
        paid.pay(payment, "pm_card_chargeDeclined")
    paid.tell()
    found = paid.now(payment)
    assert (found.state, found.code, bool(found.message)) == (PaymentState.OPEN, "generic_decline", True)
    paid.pay(payment)
    paid.tell()
    assert (paid.now(payment).state, paid.balance()) == (PaymentState.SUCCEEDED, 10000)


def test_a_kept_card_pays_without_its_owner(paid: Paid) -> None:
    with pytest.raises(NoCardSaved):
        _begun(paid, method="saved_card")
    first = checkout.proceed(paid.house, _begun(paid, keep_card=True).id)
    paid.pay(first)
    paid.tell()
    kept = paid.house.db.read(lambda uow: queries.customer(uow, paid.buyer.organisation_id or ""))
    assert kept.card_label == "Visa ···· 4242"
    second = checkout.proceed(paid.house, _begun(paid, "25.00", method="saved_card").id)
    assert (second.state, paid.balance(), paid.faults()) == (PaymentState.SUCCEEDED, 12500, []), second.message


def test_an_unset_processor_says_so(paid: Paid) -> None:
    import dataclasses

    paid.house.settings = dataclasses.replace(paid.house.settings, stripe_key="")
    with pytest.raises(ProcessorUnavailable) as refused:
        _begun(paid)
    assert (refused.value.code, refused.value.hint) == ("processor_unavailable", "Pay by bank transfer.")


def test_one_payment_at_a_time_for_an_invoice(paid: Paid) -> None:
    from billing.payments.types import Purpose

    def begin() -> Payment:
        return paid.house.db.write(
            lambda uow: checkout.begin(
                uow, paid.buyer.actor, purpose=Purpose.ORDER, method="card", amount=100, currency="CNY",
                subject_id="ord_x",
            )
        )  # fmt: skip

    first = begin()
    with pytest.raises(PaymentOpen) as refused:
        begin()
    assert refused.value.extra["payment"] == first.id
