"""Who does not pay: what is compiled of its rights, and what a real gateway answers by it, until it is paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from billing.dunning import service as dunning
from compliance.identity import queries as identity
from compliance.keys import service as keys
from core.house import House
from core.money import format_amount
from exchange.demo.upstream.registry import firms
from exchange.sidecar import compiling
from exchange.trading import first_fee, queries, service, subscriptions
from tests import build
from tests.exchange.gateway.asking import Asking
from tests.exchange.gateway.feeder import Feeder
from tests.exchange.gateway.running import GatewayProcess
from tests.servers.exchange import eventually
from tests.servers.upstream import Upstream

MONTHLY = {"version": 1, "kind": "subscription", "currency": "CNY", "amount": "80.00", "period": "month"}
DAY = timedelta(days=1)


class Debtor:
    """A buyer of a subscription, with the money for its first fee and no more, and of an interface paid by the hit."""

    def __init__(self, house: House, upstream: Upstream, folder: Path) -> None:
        self.house, supplier = house, build.organisation(house)
        self.buyer = build.organisation(house)
        offered = [build.interface_listed(house, supplier, upstream, **({"plan": plan} if plan else {}))
                   for plan in (MONTHLY, None)]  # fmt: skip
        self.listings = [each.id for each in offered]
        orders = [build.placed(house, self.buyer, each) for each in offered]
        fee = house.db.read(lambda uow: first_fee.due(uow, queries.load(uow, self.buyer.actor, orders[0].id)))
        build.funded(house, self.buyer, format_amount(fee, "CNY"))
        for order in orders:
            house.db.write(lambda uow, order=order: service.pay(uow, self.buyer.actor, order.id))  # type: ignore[misc]
        self.key = house.db.write(
            lambda uow: keys.create(uow, self.buyer.actor, name="calls", mode="live", listing_ids=None)
        ).key
        self.folder = folder
        self.feeder = Feeder(folder / "s", compiling.everything(house))

    def wait(self, days: int) -> None:
        """Time passes, and the worker does what it decides."""
        self.house.clock.advance(days * DAY)
        self.tend()

    def tend(self) -> None:
        while subscriptions.tend(self.house) + dunning.tend(self.house):
            continue
        self.feeder.put(*(item for item in compiling.everything(self.house) if item["k"] == "entitlement"))

    def until_next_month(self) -> None:
        months = self.house.db.read(lambda uow: identity.months_of(uow, str(self.buyer.organisation_id)))
        now = self.house.clock.now()
        self.house.clock.advance(months.period_of(now).ends_at - now + timedelta(hours=1))
        self.tend()


@pytest.fixture
def debtor(calling_house: House, upstream: Upstream, tmp_path: Path) -> Iterator[Debtor]:
    made = Debtor(calling_house, upstream, tmp_path)
    with made.feeder:
        yield made


def test_the_gateway_says_what_is_not_paid_and_serves_again_once_it_is(debtor: Debtor) -> None:
    gateway = GatewayProcess(debtor.folder, debtor.feeder).wait()
    asking = Asking(gateway.port, {"X-Api-Key": debtor.key})
    code = next(iter(firms()))

    def answers(*expected: str | int) -> bool:
        """Of the subscription, and of what is paid by the hit."""
        said = [asking.raw("GET", f"/i/{each}/companies/{code}") for each in debtor.listings]
        return [each.code or each.status for each in said] == list(expected)

    try:
        assert eventually(lambda: answers(200, 200))
        debtor.until_next_month()
        assert eventually(lambda: answers(200, 200)), "within the days of grace"
        debtor.wait(8)
        assert eventually(lambda: answers("subscription_unpaid", 200))
        debtor.wait(14)
        debtor.wait(2)
        assert eventually(lambda: answers("subscription_unpaid", "invoice_overdue"))
        build.funded(debtor.house, debtor.buyer, "100.00")
        debtor.tend()
        assert eventually(lambda: answers(200, 200))
    finally:
        asking.close()
        gateway.kill()
