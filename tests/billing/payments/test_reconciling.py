"""What nobody told us of is found in the processor's books; what stays without a match is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.payments import checkout, reconciling
from billing.payments.errors import PaymentOpen
from billing.payments.types import Payment, PaymentState, Purpose
from billing.processor import service as asking
from tests.billing.payments.paying import Paid

_A_MINUTE = timedelta(minutes=1)


def test_lost_messages_of_a_payment_and_of_its_dispute(paid: Paid) -> None:
    payment = paid.top_up("100.00")
    paid.pay(payment)
    paid.stripe.control.dispute(paid.stripe.control.objects("charge")[-1]["id"])
    assert paid.read_books() == 2
    assert reconciling.reconcile(paid.house) == 2
    assert (paid.now(payment).state, paid.now(payment).contested) == (PaymentState.SUCCEEDED, 10000)
    assert (paid.house.db.read(reconciling.unmatched), paid.faults()) == ([], [])
    assert paid.clearing() == paid.at_stripe()


def test_what_is_not_ours_is_shown(paid: Paid) -> None:
    """Somebody took a payment in the processor's own dashboard."""
    import stripe

    client = stripe.StripeClient(paid.stripe.key, base_addresses={"api": paid.stripe.url})
    client.v1.payment_intents.create(
        {"amount": 5000, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True,
         "allowed_payment_method_types": ["card"]}
    )  # fmt: skip
    paid.read_books()
    assert reconciling.reconcile(paid.house) == 0
    left = paid.house.db.read(reconciling.unmatched)
    assert [(each.amount, each.currency) for each in left] == [(5000, "CNY")]
    assert reconciling.total(left) == {"CNY": left[0].net}


def test_an_unknown_outcome_is_not_paid_a_second_time(paid: Paid) -> None:
    """The answer to taking the money is lost: nobody may begin anew, and what was taken is found."""
    kept = checkout.proceed(paid.house, _begun(paid, keep=True).id)
    assert kept.session_id, kept
    paid.stripe.control.pay_session(kept.session_id)
    paid.tell()
    paid.stripe.control.fault("close", when="after", path="/v1/payment_intents*")
    unknown = checkout.proceed(paid.house, _begun(paid, "saved_card", "inv_x").id)
    assert unknown.state is PaymentState.PLANNED
    with pytest.raises(PaymentOpen):
        _begun(paid, "saved_card", "inv_x")
    paid.house.clock.advance(_A_MINUTE)
    asking.resume(paid.house)
    assert paid.now(unknown).state is PaymentState.SUCCEEDED
    taken = [each for each in paid.stripe.control.objects("payment_intent") if each["amount"] == 7700]
    assert [each["status"] for each in taken] == ["succeeded", "succeeded"]
    assert paid.faults() == []


def _begun(paid: Paid, method: str = "card", subject_id: str = "", *, keep: bool = False) -> Payment:
    purpose = Purpose.INVOICE if subject_id else Purpose.TOP_UP
    return paid.house.db.write(
        lambda uow: checkout.begin(
            uow, paid.buyer.actor, purpose=purpose, method=method, amount=7700,
            currency="CNY", subject_id=subject_id, keep_card=keep,
        )
    )  # fmt: skip
