"""A sample of ``bench.interleavings``: every order of two acts, each path brought to its end."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from exchange.app import build_house
from tests.billing.payments.interleavings import assemble, explore, fake_here

_SECRET = "whsec_of_the_sample"


def test_no_order_of_two_acts_loses_or_doubles_money(settings: Settings) -> None:
    if not settings.database_url.startswith("sqlite"):
        pytest.skip("its states are kept as files of SQLite")
    with fake_here(_SECRET) as server:
        given: Any = {"stripe_key": "sk_test_sample", "stripe_webhook_secret": _SECRET, "stripe_url": server.url}
        house = build_house(dataclasses.replace(settings, **given))
        found = explore(assemble(house, server, Path(house.db.engine.url.database or "")), depth=2)
        house.db.engine.dispose()
    assert found.faults == []
    assert found.interleavings == [1, 4, 24]
    assert found.names >= {"the payer pays", "it is cancelled", "killed after it was asked", "suppliers are paid"}
