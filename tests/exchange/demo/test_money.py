"""The chapters of cards, wallets and payouts against the fake Stripe, as the demonstration plays them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest

from billing import queries as books
from billing.payments import reconciling
from billing.processor import importing
from core.house import House
from core.settings import Settings
from core.written import Written
from exchange.app import build_house, create_app_of
from exchange.demo import bootstrap
from exchange.demo.listings import DATASETS, STORY
from exchange.demo.people import NEWCOMER, ORGANISATIONS
from exchange.demo.player import filling
from exchange.demo.player.chapters import buying, contesting, paying, settling, trading
from exchange.demo.player.client import Door
from exchange.demo.player.filling import Cast, World, fill
from exchange.demo.player.joining import join
from exchange.demo.player.offering import put_on_sale
from exchange.demo.player.tale import Tale
from exchange.worker import loop, remote_chores
from tests.journeys.live import served
from tests.servers.stripe import FakeStripe, answering
from tests.servers.upstream import Upstream

_WHO = {"mingzhi", "qingyan", "yunfan", "beichen"}
_WHAT = {"receipts", "keys"}


@pytest.fixture
def stripe() -> Iterator[FakeStripe]:
    with answering() as fake:
        yield fake


@pytest.fixture
def paid_house(settings: Settings, stripe: FakeStripe, upstream: Upstream) -> Iterator[House]:
    settings.data.mkdir(mode=0o700, exist_ok=True)
    connected = dataclasses.replace(
        settings, stripe_key=stripe.key, stripe_webhook_secret=stripe.secret, stripe_url=stripe.url,
        upstream_allow=upstream.address, bank_account_cooling_days=0,
    )  # fmt: skip
    made, stop = build_house(connected), threading.Event()
    asking = threading.Thread(target=loop, args=(made, Written(made.db), stop, remote_chores(), 0.05), daemon=True)
    asking.start()
    yield made
    stop.set()
    asking.join(20)
    made.db.engine.dispose()


def _cast(door: Door, world: World, tale: Tale) -> Cast:
    """As few people and datasets as these chapters need."""
    cast = fill(door, world, tale, [each for each in DATASETS if each.key in _WHAT])
    cast.members[NEWCOMER.key] = join(cast.staff["officer"], NEWCOMER, world.letters)
    officer, reviewer = cast.staff["officer"], cast.staff["reviewer"]
    cast.listings[STORY.key], _ = put_on_sale(cast.supplier_of(STORY), reviewer, officer, STORY)
    return cast


def _bought_from_mingzhi(cast: Cast, tale: Tale) -> None:
    """A supplier that is paid by bank transfer has earned something."""
    buyer = cast.members["yunfan"]["jiang"]
    order = buying.place(cast, buyer, "receipts", "evaluation").expect(201).json
    buyer.post(f"/orders/{order['id']}/pay", {}).expect(200)
    trading.download(tale, buyer, f"/orders/{order['id']}")
    buyer.post(f"/orders/{order['id']}/accept", {}).expect(200)


def test_money_comes_in_goes_out_and_is_contested(
    paid_house: House, stripe: FakeStripe, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the chapter's interface and the months that it waits for: they have tests of their own."""
    if not paid_house.db.sqlite:
        pytest.skip("the demonstration is played on SQLite")
    few = tuple(each for each in ORGANISATIONS if each.key in _WHO)
    monkeypatch.setattr(filling, "ORGANISATIONS", few)
    monkeypatch.setattr(filling, "_set_up_factors", lambda cast, tale: None)
    monkeypatch.setattr(paying, "_SOON_S", 300.0)
    bootstrap.appoint(paid_house)
    tale = Tale("en")
    with served(create_app_of(paid_house), paid_house) as address:
        stripe.control.notify(f"{address}/webhooks/stripe")
        world = World("", upstream.url, upstream.secret, paid_house.settings.data / "mail", stripe.url)
        cast = _cast(Door(address, "en"), world, tale)
        buying.top_up(cast, tale)
        settling.give_accounts(cast, tale)
        _bought_from_mingzhi(cast, tale)
        paying.fund(cast, tale)
        settling.play(cast, tale)
        contesting.play(cast, tale)
    importing.read_books(paid_house)
    reconciling.reconcile(paid_house)
    assert paid_house.db.read(reconciling.unmatched) == []
    assert paid_house.db.read(books.faults) == []
