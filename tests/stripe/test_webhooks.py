"""Webhooks: signed, tried again, and troubled."""

from __future__ import annotations

import json

import pytest
import stripe

from tests.servers.exchange import eventually
from tests.stripe.client import Control
from tests.stripe.conftest import Receiver
from tests.stripe.test_payments import buy


def customers(api: stripe.V1Services, number: int) -> list[str]:
    return [api.customers.create({}).id for _ in range(number)]


def named(receiver: Receiver) -> list[str]:
    return [str(event.data.object["id"]) for event in receiver.events()]


def test_what_happens_is_told_signed_and_in_order(api: stripe.V1Services, control: Control, receiver: Receiver) -> None:
    intent = api.payment_intents.create(buy(payment_method="pm_card_visa"), {"idempotency_key": "k"})
    assert eventually(lambda: len(receiver.got) == 3, 5)
    told = receiver.events()
    assert [event.type for event in told] == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    assert told[2].data.object["id"] == intent.id
    assert told[2].request is not None
    assert (told[2].request.idempotency_key, told[2].livemode) == ("k", False)
    again = api.events.retrieve(told[2].id)
    assert again.data.object["status"] == "succeeded"
    assert [event.id for event in api.events.list({"types": ["charge.*"]}).data] == [told[1].id]
    assert eventually(lambda: {each["state"] for each in control.deliveries()} == {"sent"}, 5)


def test_a_receiver_that_refuses_is_told_again(api: stripe.V1Services, control: Control, receiver: Receiver) -> None:
    receiver.statuses[:] = [500, 302, 503]
    customers(api, 1)
    assert eventually(lambda: len(receiver.got) == 1, 5)
    while control.flush():
        pass
    assert len({body for body, _ in receiver.got}) == 1
    assert [(each["state"], each["attempts"]) for each in control.deliveries()] == [("sent", 4)]


def test_held_dropped_doubled_reordered(api: stripe.V1Services, control: Control, receiver: Receiver) -> None:
    control.trouble(hold=True)
    first = customers(api, 2)
    control.flush()
    assert receiver.got == []
    control.release(backwards=True)
    control.flush()
    assert named(receiver) == first[::-1]
    receiver.got.clear()
    control.trouble(hold=False, drop=1, duplicate=1)
    second = customers(api, 2)
    control.flush()
    assert named(receiver) == [second[1]] * 2
    receiver.got.clear()
    control.trouble(reorder=3)
    third = customers(api, 3)
    control.flush()
    assert named(receiver) == third[::-1]
    dropped = control.events()[2]["id"]
    assert control.send(dropped, times=2) == [200, 200]
    assert named(receiver)[-2:] == [second[0]] * 2
    control.trouble(types="charge.*", drop=5)
    customers(api, 1)
    control.flush()
    assert len(receiver.got) == 6


def test_late(api: stripe.V1Services, control: Control, receiver: Receiver) -> None:
    control.trouble(delay=60.0)
    customers(api, 1)
    assert not eventually(lambda: bool(receiver.got), 0.2)
    assert control.flush() == 1
    assert len(receiver.got) == 1


def test_forged(control: Control, receiver: Receiver) -> None:
    event = {"id": "evt_forged", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {}}}
    control.forge(event, secret="whsec_of_somebody_else")
    control.forge(event, header="")
    control.forge(event, header="t=1,v1=00")
    control.forge(event, age_s=3600)
    for body, header in receiver.got:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, header, receiver.secret)
    control.forge(json.dumps(event))
    body, header = receiver.got[-1]
    assert stripe.Webhook.construct_event(body, header, receiver.secret).id == "evt_forged"


def test_time_may_have_been_moved(api: stripe.V1Services, control: Control, receiver: Receiver) -> None:
    control.set_clock(1_700_000_000)
    assert customers(api, 1)
    assert api.events.list().data[0].created == 1_700_000_000
    control.set_clock(control.now() + 40 * 24 * 3600)
    assert api.events.list().data == []
    control.flush()
    assert len(receiver.events()) == 1
