"""One fake Stripe for these tests, forgotten between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.settings import Settings
from tests.billing.payouts.paying import Market, market
from tests.servers.stripe import FakeStripe, answering


@pytest.fixture(scope="session")
def _fake() -> Iterator[FakeStripe]:
    with answering() as found:
        yield found


@pytest.fixture
def fake(_fake: FakeStripe) -> FakeStripe:
    _fake.control.reset()
    return _fake


@pytest.fixture
def trade(settings: Settings, fake: FakeStripe) -> Market:
    return market(settings, fake)
