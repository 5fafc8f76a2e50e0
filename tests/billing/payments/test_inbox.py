"""Messages of the processor: forged, old, foreign, unknown, huge; once and again, early and late."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from stripe import WebhookSignature

from billing.payments.types import PaymentState
from billing.processor import inbox
from billing.processor.errors import MessageInvalid, ProcessorUnreachable, SignatureInvalid
from billing.processor.views import ADDRESS
from exchange.app import create_app_of
from tests.billing.payments.paying import Paid


def _sent(paid: Paid, raw: str, header: str | None = None) -> tuple[int, dict[str, Any]]:
    signed = header if header is not None else WebhookSignature.generate_signature_header(raw, paid.stripe.secret)
    client = create_app_of(paid.house).test_client()
    answer = client.post(ADDRESS, data=raw.encode(), headers={"Stripe-Signature": signed})
    body: dict[str, Any] = json.loads(answer.data)
    return answer.status_code, body


def _event(**changed: Any) -> str:
    event = {"id": "evt_1", "type": "ping", "data": {"object": {"object": "ping", "id": "x_1"}}} | changed
    return json.dumps(event)


def test_over_http(paid: Paid) -> None:
    payment = paid.top_up()
    paid.pay(payment)
    event = next(each for each in paid.stripe.control.events("checkout.session.completed"))
    assert _sent(paid, json.dumps(event)) == (200, {"outcome": "done"})
    assert _sent(paid, json.dumps(event)) == (200, {"outcome": "known"})
    assert (paid.now(payment).state, paid.balance()) == (PaymentState.SUCCEEDED, 10000)


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "signature_invalid"), ("t=1,v1=00", "signature_invalid"), ("nonsense", "signature_invalid"),
     ("t=,v1=", "signature_invalid")],
)  # fmt: skip
def test_forged(paid: Paid, header: str, code: str) -> None:
    status, body = _sent(paid, _event(), header)
    assert (status, body["code"]) == (400, code)


def test_signed_with_another_secret_or_too_old(paid: Paid) -> None:
    raw = _event()
    other = WebhookSignature.generate_signature_header(raw, "whsec_other")
    old = WebhookSignature.generate_signature_header(raw, paid.stripe.secret, int(time.time()) - 600)
    assert {_sent(paid, raw, header)[1]["code"] for header in (other, old)} == {"signature_invalid"}


def test_a_message_that_was_changed_is_not_believed(paid: Paid) -> None:
    raw = _event()
    signed = WebhookSignature.generate_signature_header(raw, paid.stripe.secret)
    with pytest.raises(SignatureInvalid):
        inbox.receive(paid.house, raw.replace("ping", "pong").encode(), signed)


def test_huge(paid: Paid) -> None:
    status, body = _sent(paid, _event(padding="x" * 10_000_000))
    assert (status, body["code"]) == (413, "message_too_large")


def test_of_an_unknown_type_or_of_another_account(paid: Paid) -> None:
    assert _sent(paid, _event(id="evt_2", type="mars.landed")) == (200, {"outcome": "ignored"})
    foreign = _event(id="evt_3", account="acct_other", data={"object": {"object": "payment_intent", "id": "pi_other"}})
    assert _sent(paid, foreign) == (200, {"outcome": "ignored"})
    assert (paid.balance(), paid.faults()) == (0, [])


@pytest.mark.parametrize(
    "raw", ["[]", "{", '{"id":"evt_4"}', '{"id":"evt_4","type":"x","data":{"object":3}}', "[" * 20_000]
)
def test_malformed(paid: Paid, raw: str) -> None:
    signed = WebhookSignature.generate_signature_header(raw, paid.stripe.secret)
    with pytest.raises(MessageInvalid):
        inbox.receive(paid.house, raw.encode(), signed)


def test_what_it_says_is_not_believed(paid: Paid) -> None:
    """Properly signed and yet untrue: the object is looked at, and it is not paid."""
    payment = paid.top_up()
    session = {"object": "checkout.session", "id": payment.session_id, "status": "complete", "payment_status": "paid",
               "amount_total": 99999999, "currency": "cny"}  # fmt: skip
    assert _sent(paid, _event(type="checkout.session.completed", data={"object": session}))[0] == 200
    assert (paid.now(payment).state, paid.balance()) == (PaymentState.OPEN, 0)


def test_one_that_cannot_be_looked_at_is_sent_again(paid: Paid) -> None:
    """Nothing of it is kept, so that the next one counts."""
    payment = paid.top_up()
    paid.pay(payment)
    event = next(each for each in paid.stripe.control.events("checkout.session.completed"))
    paid.stripe.control.down(60)
    with pytest.raises(ProcessorUnreachable):
        paid.deliver(event)
    paid.stripe.control.up()
    assert paid.deliver(event) == "done"
    assert (paid.balance(), paid.faults()) == (10000, [])


def test_a_failing_effect_keeps_no_mark(paid: Paid, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark and the effect are one unit: when the effect fails, the message counts when it comes again."""
    payment = paid.top_up()
    paid.pay(payment)
    event = next(each for each in paid.stripe.control.events("checkout.session.completed"))
    with monkeypatch.context() as patch:
        patch.setattr("billing.payments.following.post", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            paid.deliver(event)
    assert paid.now(payment).state is PaymentState.OPEN
    assert paid.deliver(event) == "done"
    assert (paid.balance(), paid.faults()) == (10000, [])
