"""The metered trade against real processes: gateways, sidecar, worker and web, and an upstream that really answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.settings import Settings
from exchange.demo import bootstrap
from exchange.demo.listings import DATASETS
from exchange.demo.player import metered_trade
from exchange.demo.player.chapters import buying
from exchange.demo.player.chapters.trading import download
from exchange.demo.player.client import Door
from exchange.demo.player.filling import Cast, World, fill
from exchange.demo.player.offering import put_on_sale
from exchange.demo.player.tale import Tale
from tests.servers.exchange import Running
from tests.servers.upstream import Upstream


@pytest.fixture(scope="module")
def running(shared_settings: Settings, upstream: Upstream) -> Iterator[Running]:
    made = Running(
        shared_settings.data, database_url=shared_settings.database, gateway_workers=2,
        upstream_allow=upstream.address, web_workers=1,
    )  # fmt: skip
    made.wait()
    yield made
    assert made.stop() == 0


@pytest.fixture(scope="module")
def tale() -> Tale:
    return Tale("en")


@pytest.fixture(scope="module")
def cast(running: Running, shared_settings: Settings, upstream: Upstream, tale: Tale) -> Cast:
    """Everybody, one dataset for sale, and money for those who pay."""
    bootstrap.main(shared_settings)
    letters = shared_settings.data / "mail"
    world = World(f"http://127.0.0.1:{running.gateway_port}", upstream.url, upstream.secret, letters)
    made = fill(Door(f"http://127.0.0.1:{running.port}", "en"), world, Tale("en"), DATASETS[:1])
    buying.top_up(made, tale)
    return made


def test_files_are_fetched_through_the_gateway_by_grant(cast: Cast) -> None:
    free = next(each for each in DATASETS if each.key == "weather")
    cast.listings[free.key], _ = put_on_sale(
        cast.supplier_of(free), cast.staff["reviewer"], cast.staff["officer"], free
    )
    buyer = cast.members["beichen"]["qin"]
    order = buying.place(cast, buyer, free.key, "research").expect(201).json
    buyer.post(f"/orders/{order['id']}/pay", {}).expect(200)
    download(Tale("zh"), buyer, f"/orders/{order['id']}")
    receipts = buyer.get(f"/orders/{order['id']}/receipts").expect(200).json["items"]
    assert len(receipts) == 4, "two files, each in two ranges, each range once"
    assert {each["complete"] for each in receipts} == {False}


def test_from_an_openapi_document_to_money_and_evidence(cast: Cast, tale: Tale) -> None:
    """Comes last: months pass in it."""
    metered_trade(cast, tale)
    assert tale.steps > 75
