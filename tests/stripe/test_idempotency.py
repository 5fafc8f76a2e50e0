"""Idempotency keys, as Stripe keeps them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe

from tests.servers.exchange import eventually
from tests.servers.stripe import FakeStripe
from tests.stripe.client import Control
from tests.stripe.conftest import client_of
from tests.stripe.test_payments import buy

KEY: Any = {"idempotency_key": "once"}
DAY = 24 * 3600


def test_the_same_again_is_answered_and_not_done_again(api: stripe.V1Services, control: Control) -> None:
    given = buy(payment_method="pm_card_visa")
    first, second = (api.payment_intents.create(given, KEY) for _ in range(2))
    assert first.id == second.id
    assert first.last_response is not None
    assert second.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id
    assert len(control.objects("charge")) == 1
    control.advance(DAY + 1)
    assert api.payment_intents.create(given, KEY).id != first.id


def test_refusals_are_kept_too(api: stripe.V1Services, control: Control) -> None:
    given = buy(payment_method="pm_card_chargeDeclined")
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            api.payment_intents.create(given, KEY)
    assert len(control.objects("charge")) == 1
    poor: Any = {"amount": 100, "currency": "cny", "destination": "acct_none"}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            api.transfers.create(poor, {"idempotency_key": "transfer"})
    assert refused.value.headers is not None
    assert refused.value.headers["Idempotent-Replayed"] == "true"


def test_a_key_is_for_one_thing(fake: FakeStripe, api: stripe.V1Services) -> None:
    api.customers.create({"email": "a@example.com"}, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        api.customers.create({"email": "b@example.com"}, KEY)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        api.payment_intents.create({"amount": 500, "currency": "cny"}, KEY)


def test_what_did_not_begin_leaves_no_answer(api: stripe.V1Services) -> None:
    wrong: Any = {"email": "a@example.com", "colour": "red"}
    with pytest.raises(stripe.InvalidRequestError):
        api.customers.create(wrong, KEY)
    assert api.customers.create({"email": "a@example.com"}, KEY).email == "a@example.com"


def test_two_at_once_conflict(fake: FakeStripe, api: stripe.V1Services, control: Control) -> None:
    control.fault("wait", path="/v1/customers", seconds=60)
    slow = threading.Thread(target=client_of(fake).v1.customers.create, args=({}, KEY))
    slow.start()
    assert eventually(lambda: control.running() == ["once"])
    with pytest.raises(stripe.APIError) as conflict:
        api.customers.create({}, KEY)
    control.clear_faults()
    slow.join()
    assert conflict.value.error is not None
    assert (conflict.value.http_status, conflict.value.error.code) == (409, "idempotency_key_in_use")
    assert len(control.objects("customer")) == 1


def test_a_500_after_the_effect_is_kept(api: stripe.V1Services, control: Control) -> None:
    control.fault("500", when="after", path="/v1/payment_intents")
    given = buy(payment_method="pm_card_visa")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            api.payment_intents.create(given, KEY)
        assert broken.value.http_status == 500
    assert broken.value.headers is not None
    assert broken.value.headers["Idempotent-Replayed"] == "true"
    assert len(control.objects("charge")) == 1


def test_a_500_before_the_effect_is_not(api: stripe.V1Services, control: Control) -> None:
    control.fault("500", path="/v1/customers")
    with pytest.raises(stripe.APIError):
        api.customers.create({}, KEY)
    assert api.customers.create({}, KEY).id
