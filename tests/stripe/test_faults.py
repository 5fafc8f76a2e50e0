"""Connections that break, limits, an hour of silence, a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.servers.stripe import FakeStripe
from tests.stripe.client import Control
from tests.stripe.test_payments import buy

KEY: Any = {"idempotency_key": "once"}


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_a_connection_that_breaks(api: stripe.V1Services, control: Control, when: str, done: int) -> None:
    control.fault("close", when=when, method="POST", path="/v1/payment_intents")
    given = buy(payment_method="pm_card_visa")
    with pytest.raises(stripe.APIConnectionError):
        api.payment_intents.create(given, KEY)
    assert len(control.objects("charge")) == done
    assert api.payment_intents.create(given, KEY).status == "succeeded"
    assert len(control.objects("charge")) == 1


def test_the_package_tries_again_by_itself(fake: FakeStripe, control: Control) -> None:
    client = stripe.StripeClient(fake.key, base_addresses={"api": fake.url}, max_network_retries=2)
    control.fault("close", when="after", path="/v1/customers")
    assert client.v1.customers.create({}).id == control.objects("customer")[0]["id"]
    assert len(control.objects("customer")) == 1


def test_limits_and_counts(api: stripe.V1Services, control: Control) -> None:
    control.fault("429", path="/v1/customers*", count=2, skip=1)
    api.customers.list()
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            api.customers.list()
    api.customers.list()
    control.fault("timeout", seconds=0.01)
    assert control.clear_faults() == 1


def test_down_and_up(api: stripe.V1Services, control: Control) -> None:
    control.down()
    with pytest.raises(stripe.APIConnectionError):
        api.balance.retrieve()
    control.up()
    assert api.balance.retrieve().object == "balance"


def test_who_may_ask(fake: FakeStripe) -> None:
    for key in ("sk_live_of_somebody", "nonsense"):
        with pytest.raises(stripe.AuthenticationError):
            stripe.StripeClient(key, base_addresses={"api": fake.url}).v1.balance.retrieve()
    other = stripe.StripeClient(fake.key, stripe_version="2020-08-27", base_addresses={"api": fake.url})
    with pytest.raises(stripe.InvalidRequestError, match="only the API version"):
        other.v1.balance.retrieve()
    strange = stripe.StripeClient(fake.key, base_addresses={"api": fake.url})
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        strange.raw_request("get", "/v1/nothing")


def test_it_survives_a_kill_with_its_data(tmp_path: Path) -> None:
    fake = FakeStripe(data=tmp_path / "stripe.db")
    try:
        api = stripe.StripeClient(fake.key, base_addresses={"api": fake.url}).v1
        given = buy(payment_method="pm_card_visa")
        first = api.payment_intents.create(given, KEY)
        fake.control.advance(3600)
        was = fake.control.now()
        fake.kill()
        fake.start()
        again = stripe.StripeClient(fake.key, base_addresses={"api": fake.url}).v1.payment_intents.create(given, KEY)
        assert again.id == first.id
        assert fake.control.now() >= was
        assert len(fake.control.objects("charge")) == 1
    finally:
        fake.kill()
