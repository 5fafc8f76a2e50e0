"""One fake Stripe for these tests, forgotten between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.settings import Settings
from tests.billing.payouts.paying import Market, market
from tests.servers.stripe import FakeStripe, answering


@pytest.fixture(scope="package")
def stripe() -> Iterator[FakeStripe]:
    with answering() as found:
        yield found


@pytest.fixture
def trade(settings: Settings, stripe: FakeStripe) -> Iterator[Market]:
    stripe.control.reset()
    found = market(settings, stripe)
    yield found
    found.house.db.engine.dispose()
