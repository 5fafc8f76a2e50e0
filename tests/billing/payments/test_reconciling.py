"""What nobody told us of is found in the processor's books; what stays without a match is shown."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from billing.accounting import outside
from billing.ledger.errors import BalanceTooLow
from billing.ledger.service import post
from billing.ledger.types import Account, AccountKind, Draft, TransactionKind, credit, debit
from billing.payments import checkout, reconciling
from billing.payments.errors import PaymentOpen
from billing.payments.types import Payment, PaymentState, Purpose
from billing.processor import service as asking
from billing.processor.errors import EntryMatched, EntryNotFound, NothingBehind
from billing.processor.types import BalanceEntry
from compliance.policy import PolicyRefused
from tests import build
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
    _dashboard(paid).v1.payment_intents.create(
        {"amount": 5000, "currency": "cny", "payment_method": "pm_card_visa", "confirm": True,
         "allowed_payment_method_types": ["card"]}
    )  # fmt: skip
    paid.read_books()
    assert reconciling.reconcile(paid.house) == 0
    left = paid.house.db.read(reconciling.unmatched)
    assert [(each.amount, each.currency) for each in left] == [(5000, "CNY")]
    assert reconciling.total(left) == {"CNY": left[0].net}


def _refund_in_the_dashboard(paid: Paid, minor: int) -> BalanceEntry:
    charge = paid.stripe.control.objects("charge")[-1]["id"]
    _dashboard(paid).v1.refunds.create({"charge": charge, "amount": minor})
    paid.tell()
    paid.read_books()
    reconciling.reconcile(paid.house)
    (left,) = paid.house.db.read(reconciling.unmatched)
    return left


def test_a_refund_made_in_the_dashboard_is_booked_once_when_finance_says_so(paid: Paid) -> None:
    payment = paid.paid("100.00")
    left = _refund_in_the_dashboard(paid, 3000)
    assert (left.kind, left.amount, paid.balance()) == ("refund", -3000, 10000)
    for stranger in (paid.buyer, build.platform_person(paid.house, "operator")):
        with pytest.raises(PolicyRefused):
            outside.look(paid.house, stranger.actor, left.id)
    first, second = (outside.look(paid.house, paid.finance.actor, left.id) for _ in range(2))
    paid.house.db.write(lambda uow: outside.book(uow, paid.finance.actor, first, reason="asked on the telephone"))
    with pytest.raises(EntryMatched):
        paid.house.db.write(lambda uow: outside.book(uow, paid.finance.actor, second, reason="asked twice"))
    paid.tell()
    assert (paid.balance(), paid.now(payment).refunded) == (7000, 3000)
    assert (paid.house.db.read(reconciling.unmatched), paid.faults()) == ([], [])
    assert paid.clearing() == paid.at_stripe()


def test_what_cannot_be_booked_changes_nothing(paid: Paid) -> None:
    """Of what was spent, of no payment of ours, and of a kind that nobody books."""
    paid.paid("100.00")
    left = _refund_in_the_dashboard(paid, 3000)
    spent = Account(AccountKind.BUYER_PREPAID, paid.buyer.organisation_id, "CNY")
    away = Account(AccountKind.REFUNDS, None, "CNY")
    entries = [debit(spent, 9000), credit(away, 9000)]
    paid.house.db.write(lambda uow: post(uow, [Draft("spent", TransactionKind.REFUND, "x", entries)]))
    found = outside.look(paid.house, paid.finance.actor, left.id)
    with pytest.raises(BalanceTooLow):
        paid.house.db.write(lambda uow: outside.book(uow, paid.finance.actor, found, reason="too late"))
    strange = dataclasses.replace(found, source={**found.source, "payment_intent": "pi_of_nobody"})
    with pytest.raises(NothingBehind):
        paid.house.db.write(lambda uow: outside.book(uow, paid.finance.actor, strange, reason="whose is it"))
    charge = _entry_of(paid, "charge")
    with pytest.raises(NothingBehind):
        outside.look(paid.house, paid.finance.actor, charge)
    with pytest.raises(EntryNotFound):
        outside.look(paid.house, paid.finance.actor, "txn_of_nobody")
    assert (paid.balance(), paid.faults()) == (1000, [])


def _entry_of(paid: Paid, kind: str) -> str:
    rows = paid.stripe.control.objects("balance_transaction")
    return str(next(row["id"] for row in rows if row["type"] == kind))


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


def _dashboard(paid: Paid) -> Any:
    import stripe

    return stripe.StripeClient(paid.stripe.key, base_addresses={"api": paid.stripe.url})


def _begun(paid: Paid, method: str = "card", subject_id: str = "", *, keep: bool = False) -> Payment:
    purpose = Purpose.INVOICE if subject_id else Purpose.TOP_UP
    return paid.house.db.write(
        lambda uow: checkout.begin(
            uow, paid.buyer.actor, purpose=purpose, method=method, amount=7700,
            currency="CNY", subject_id=subject_id, keep_card=keep,
        )
    )  # fmt: skip
