"""How long a committed change takes to the last of two gateways.

A key revoked, an order frozen, a new price; a listing's tier raised over what was signed; links already given out, of
an order that is frozen and of a listing whose tier rises; and a licence that expires, by the gateways' own clocks.
Both gateways are called without pause, each over a connection of its own (the call id tells whose it is). The time is
from the commit to the first answer of the last gateway that obeys. A new price: a buyer orders and pays under the new
offer, and calls are served and recorded by its plan. Last, the sidecar is stopped: both must refuse within 5 s.

    python -m bench.revocation [--trials 100] [--database sqlite] [--load 4]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select

from bench.client import quantile
from bench.metered import Load, Probe, Stage, stage, verdict
from billing.usage.models import UsageRow
from catalog.listings import service as listings
from catalog.listings.types import ListingSnapshot
from compliance.keys import service as keys
from compliance.keys.types import MadeKey
from core.actor import Actor
from core.db import Uow
from exchange.delivery import queries as delivery
from exchange.delivery import service as delivering
from exchange.trading import regrading
from exchange.trading import service as trading
from exchange.trading.events import EntitlementChanged
from exchange.trading.models import Entitlement
from tests import build, metered
from tests.build import Built
from tests.servers.caller import Connection
from tests.servers.exchange import eventually

MOST_S = 0.2
STALE_S = 5.0
MARKABLE = "station,temperature,pressure\n" + "".join(
    f"S{row:04d},{row * 7 % 400 / 10 + 0.01 * (row % 9):.3f},{990 + row * 13 % 300 / 10:.3f}\n" for row in range(400)
)
"""A table that can carry a buyer's mark, as a raised tier asks of what leaves."""
DEARER = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.05"}


@dataclass
class Poller:
    """Calls one gateway without pause, by whatever key is set, and remembers the latest answer's code."""

    port: int
    path: str
    key: str
    epoch: str = ""
    code: str = "?"
    at: float = 0.0
    calls: int = 0
    _head: str = ""

    async def find(self, taken: set[str]) -> Connection:
        """A connection that some gateway accepted which no other poller has."""
        while True:
            connection = Connection(self.port, self.key)
            answer = await connection.get(self.path)
            self.epoch = answer.call_id.partition("-")[0]
            if self.epoch and self.epoch not in taken:
                taken.add(self.epoch)
                return connection
            connection.close()

    async def run(self, connection: Connection, stop: threading.Event) -> None:
        while not stop.is_set():
            connection.use(self.key)
            answer = await connection.get(self.path)
            self.code, self.at = answer.code, answer.at
            self.calls += 1
        connection.close()


@dataclass
class Pair:
    """A poller for each of two gateways, in a thread."""

    pollers: list[Poller]
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Pair:
        found = threading.Event()

        async def work() -> None:
            taken: set[str] = set()
            connections = [await poller.find(taken) for poller in self.pollers]
            found.set()
            await asyncio.gather(*(p.run(c, self.stop) for p, c in zip(self.pollers, connections, strict=True)))

        self._thread = threading.Thread(target=lambda: asyncio.run(work()), daemon=True)
        self._thread.start()
        assert found.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(10)

    def use(self, key: str) -> None:
        for poller in self.pollers:
            poller.key = key

    def all_say(self, code: str, within_s: float = 10.0) -> float:
        """When the last of them said it for the first time from now on."""
        return max(self.each_says(code, within_s).values())

    def each_says(self, code: str, within_s: float = 10.0) -> dict[str, float]:
        """When each of them said it for the first time from now on."""
        said: dict[str, float] = {}
        asked = {poller.epoch: poller.calls for poller in self.pollers}
        give_up_at = time.monotonic() + within_s
        while len(said) < len(self.pollers) and time.monotonic() < give_up_at:
            for poller in self.pollers:
                fresh = poller.calls > asked[poller.epoch] + 1  # that one was sent after the question
                if poller.code == code and fresh:
                    said.setdefault(poller.epoch, poller.at)
            time.sleep(0.0005)
        assert len(said) == len(self.pollers), [(p.epoch, p.code) for p in self.pollers]
        return said


@dataclass
class Trials:
    """The scene, and what one change after the other took to the last gateway."""

    scene: Stage
    pair: Pair
    took: list[float] = field(default_factory=list)

    def change(self, work: Callable[[Uow], object], code: str) -> None:
        """Commit, and wait until both say so."""
        self.scene.house.db.write(work)
        committed = time.monotonic()
        self.took.append(max(0.0, self.pair.all_say(code) - committed))


def revocations(scene: Stage, pair: Pair, trade: metered.Trade, trials: int) -> list[float]:
    seen, actor = Trials(scene, pair), trade.buyer.actor
    for _ in range(trials):
        made = scene.house.db.write(lambda uow: keys.create(uow, actor, name="trial", mode="live"))
        pair.use(made.key)
        pair.all_say("")
        seen.change(partial(_revoke, actor=actor, key_id=made.snapshot.id), "credential_revoked")
    return seen.took


def _revoke(uow: Uow, *, actor: Actor, key_id: str) -> None:
    keys.revoke(uow, actor, key_id)


def freezes(scene: Stage, pair: Pair, trade: metered.Trade, officer: Built, trials: int) -> list[float]:
    pair.use(trade.key)
    return frozen_orders(scene, pair, trade.order.id, officer, trials)


def frozen_orders(scene: Stage, pair: Pair, order_id: str, officer: Built, trials: int) -> list[float]:
    seen = Trials(scene, pair)
    for _ in range(trials):
        pair.all_say("")
        seen.change(lambda uow: trading.freeze(uow, officer.actor, order_id, reason="trial"), "order_frozen")
        scene.house.db.write(lambda uow: trading.release(uow, officer.actor, order_id))
    return seen.took


def prices(scene: Stage, pair: Pair, trade: metered.Trade, trials: int) -> list[float]:
    """Each by a buyer of its own, whose organisation has no right before."""
    house, listing, seen = scene.house, _dearer(scene, trade), Trials(scene, pair)
    for _ in range(trials):
        buyer = build.organisation(house)
        build.funded(house, buyer, "100.00")
        order = build.placed(house, buyer, listing)
        made = house.db.write(partial(_key, actor=buyer.actor))
        pair.use(made.key)
        pair.all_say("no_entitlement")
        seen.change(partial(_pay, actor=buyer.actor, order_id=order.id), "")
    return seen.took


def _key(uow: Uow, *, actor: Actor) -> MadeKey:
    return keys.create(uow, actor, name="trial", mode="live")


def _pay(uow: Uow, *, actor: Actor, order_id: str) -> None:
    trading.pay(uow, actor, order_id)


def _dearer(scene: Stage, trade: metered.Trade) -> ListingSnapshot:
    actor = trade.supplier.actor

    def offer(uow: Uow) -> None:
        listings.set_offer(
            uow, actor, trade.listing.id, plan=DEARER, purposes=["product"], term_months=12, limits=dict(metered.FAST)
        )
        listings.submit(uow, actor, trade.listing.id)

    scene.house.db.write(offer)
    return build.approved(scene.house, trade.supplier, trade.listing.id)


def raised_tiers(scene: Stage, pair: Pair, supplier: Built, listing_id: str, trials: int) -> list[float]:
    """The tier asks for a signed licence that the order does not have; then it is as it was."""
    seen, house = Trials(scene, pair), scene.house
    for _ in range(trials):
        pair.all_say("")
        seen.change(partial(_raise, actor=supplier.actor, listing_id=listing_id), "contract_needed")
        build.forced_tier(house, listing_id, 1)
        house.db.write(partial(_follow, listing_id=listing_id))
    pair.all_say("")
    return seen.took


def held_tiers(scene: Stage, pair: Pair, trade: metered.Trade, trials: int) -> list[float]:
    pair.use(trade.key)
    return raised_tiers(scene, pair, trade.supplier, trade.listing.id, trials)


def _raise(uow: Uow, *, actor: Actor, listing_id: str) -> None:
    listings.raise_tier(uow, actor, listing_id, tier=2)


def _follow(uow: Uow, *, listing_id: str) -> None:
    regrading.follow_tier(uow, listing_id)


def expiries(scene: Stage, pair: Pair, trade: metered.Trade, trials: int) -> list[float]:
    """From the licence's last moment to the last gateway's refusal; none may refuse before it."""
    took, house = list[float](), scene.house
    pair.use(trade.key)
    for _ in range(trials):
        pair.all_say("")
        ends_at = datetime.now(UTC) + timedelta(seconds=0.4)
        end = time.monotonic() + (ends_at - datetime.now(UTC)).total_seconds()
        house.db.write(partial(_set_end, entitlement_id=trade.entitlement_id, ends_at=ends_at))
        said = pair.each_says("licence_expired").values()
        assert min(said) >= end, f"refused {end - min(said):.4f} s before the licence's end"
        took.append(max(said) - end)
        house.db.write(partial(_set_end, entitlement_id=trade.entitlement_id, ends_at=None))
    return took


def _set_end(uow: Uow, *, entitlement_id: str, ends_at: datetime | None) -> None:
    uow.session.get_one(Entitlement, entitlement_id).ends_at = ends_at
    uow.emit(EntitlementChanged(entitlement_id=entitlement_id))


@dataclass(frozen=True)
class Link:
    """A file's address at the gateway, as it was given out, and whose it is."""

    supplier: Built
    listing_id: str
    order_id: str
    path: str


def link(scene: Stage) -> Link:
    house = scene.house
    supplier, buyer = build.organisation(house), build.organisation(house)
    build.funded(house, buyer)
    table = build.file(house, supplier, MARKABLE)
    order = build.paid(house, buyer, build.listed(house, supplier, files=[table.id]))

    def ticket(uow: Uow) -> str:
        file = delivery.files(uow, buyer.actor, order.id)[0]
        return delivering.grant(uow, buyer.actor, order.id, file.file_id).url

    return Link(supplier, order.listing_id, order.id, urlsplit(house.db.write(ticket)).path)


def links(scene: Stage, officer: Built, trials: int) -> Iterator[tuple[str, list[float]]]:
    """Of links that are in people's hands: the order is frozen, the listing's tier rises."""
    found = link(scene)
    pollers = [Poller(scene.running.gateway_port, found.path, "none") for _ in range(2)]
    with Pair(pollers) as pair:
        yield "links frozen", frozen_orders(scene, pair, found.order_id, officer, trials)
        yield "links' tier", raised_tiers(scene, pair, found.supplier, found.listing_id, trials)


def silence(scene: Stage, pair: Pair, trade: metered.Trade) -> float:
    """The sidecar lives but says nothing more: how long until both gateways refuse."""
    pair.use(trade.key)
    pair.all_say("")
    sidecar = scene.running.children()["sidecar"]
    os.kill(sidecar, signal.SIGSTOP)
    stopped = time.monotonic()
    try:
        return pair.all_say("gateway_stale", 20.0) - stopped
    finally:
        os.kill(sidecar, signal.SIGCONT)
        pair.all_say("", 20.0)


def campaign(folder: Path, options: argparse.Namespace) -> list[str]:
    faults = []
    with stage(folder, options.database) as scene:
        trade = metered.trade(scene.house, scene.upstream)
        other = metered.trade(scene.house, scene.upstream)
        officer = build.platform_person(scene.house, "officer")
        scene.start()
        Probe(trade.key, trade.path("hit-0")).until_served(scene.running)
        port, path = scene.running.gateway_port, trade.path("hit-0")
        with (
            Load(port, other.key, other.path, options.load, 0.002, kinds=("hit", "miss")),
            Pair([Poller(port, path, trade.key), Poller(port, path, trade.key)]) as pair,
        ):
            many = options.trials
            for name, took in chain(
                [
                    ("key revoked", revocations(scene, pair, trade, many)),
                    ("order frozen", freezes(scene, pair, trade, officer, many)),
                    ("expired", expiries(scene, pair, trade, max(1, many // 4))),
                    ("new price", prices(scene, pair, trade, many)),
                    ("tier raised", held_tiers(scene, pair, trade, many)),
                ],
                links(scene, officer, many),
            ):
                print(f"{name:13} {len(took):4} trials: median {quantile(took, 0.5) * 1000:6.1f} ms, p99 "
                      f"{quantile(took, 0.99) * 1000:6.1f} ms, worst {max(took) * 1000:6.1f} ms")  # fmt: skip
                if max(took) > MOST_S:
                    faults.append(f"{name}: {max(took):.3f} s until the last gateway obeyed")
            quiet = silence(scene, pair, trade)
            print(f"sidecar silent: both gateways refuse after {quiet:.2f} s")
            if quiet > STALE_S + 0.5:
                faults.append(f"a gateway went on {quiet:.2f} s without a sign of the sidecar")
        faults += _plans(scene, options.trials)
        assert scene.running.stop() == 0
    return faults


def _plans(scene: Stage, trials: int) -> list[str]:
    """Calls under the new price were recorded by the new plan, the old ones by the old."""
    chosen = select(UsageRow.entitlement_id, UsageRow.plan_hash).distinct()
    house = scene.house

    def pairs() -> set[tuple[str, str]]:
        return house.db.read(lambda uow: {(right, plan) for right, plan in uow.session.execute(chosen)})

    complete = eventually(lambda: len(pairs()) >= trials + 2, 60)
    plans = Counter(plan for _, plan in pairs())
    print(f"{len(pairs())} entitlements were called, under {len(plans)} plans: {sorted(plans.values())}")
    expected = [2, trials]
    well = complete and sorted(plans.values()) == sorted(expected)
    return [] if well else ["calls were recorded by another plan than their order's"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100, help="of each kind of change")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--load", type=int, default=4, help="connections that call beside it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-revocation-") as folder:
        faults = campaign(Path(folder), options)
    verdict(faults, f"every change reached the last gateway within {MOST_S * 1000:.0f} ms")


if __name__ == "__main__":
    main()
