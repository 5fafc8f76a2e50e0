"""An exchange whose payments go to a fake Stripe, over loopback and through Stripe's own package."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from core.settings import Settings
from exchange.app import build_house
from tests.billing.payments.paying import Paid
from tests.servers.stripe import FakeStripe, answering


@pytest.fixture(scope="module")
def stripe() -> Iterator[FakeStripe]:
    with answering() as fake:
        yield fake


@pytest.fixture
def paid(settings: Settings, stripe: FakeStripe) -> Iterator[Paid]:
    """A house and its fake Stripe as freshly started."""
    stripe.control.reset()
    stripe.control.clear_faults()
    stripe.control.up()
    changed = dataclasses.replace(
        settings, stripe_key=stripe.key, stripe_webhook_secret=stripe.secret, stripe_url=stripe.url
    )
    house = build_house(changed)
    yield Paid(house, stripe)
    house.db.engine.dispose()
