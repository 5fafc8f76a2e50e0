"""An exchange that takes cards by a fake Stripe: one payment arrived, one is open, and a subscription runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.badinput.sheet import Sheet
from bench.cast import open_house
from bench.client import Person
from billing import queries as books
from billing.ledger import queries as ledger
from billing.payments import checkout, following, queries
from billing.payments.types import Payment
from billing.processor import importing
from catalog.listings import service as listings
from core.house import House
from exchange.app import build_house
from exchange.trading.types import OrderSnapshot
from exchange.worker import attend_once
from tests import build
from tests.build import Built
from tests.servers.exchange import Running
from tests.servers.stripe import KEY, SECRET, FakeStripe
from tests.servers.stripe import answering as answering_stripe
from tests.servers.upstream import answering as answering_upstream

RECEIVED = 10_000
_MONTHLY = {"version": 1, "kind": "subscription", "amount": "30.00", "period": "month", "unit": "hit", "included": 100,
            "overage": "0.10"}  # fmt: skip


@dataclass(frozen=True)
class Till:
    """The exchange trades in USD by now; the subscription is of a time when it did in CNY."""

    running: Running
    house: House
    stripe: FakeStripe
    sheet: Sheet
    supplier: Built
    owner: Built
    finance: Built
    arrived: Payment
    waiting: Payment
    subscription: OrderSnapshot
    offer_id: str

    def person(self, who: Built) -> Person:
        return Person(self.running.port, who.token)

    def payment(self, payment_id: str) -> Payment:
        return self.house.db.read(lambda uow: queries.load(uow, payment_id))

    def balance(self) -> int:
        return self.house.db.read(lambda uow: ledger.balance(uow, self.owner.organisation_id or "", "CNY")).balance

    def faults(self) -> list[str]:
        """What all books find wrong."""
        return [f"{fault.where}: {fault.what}" for fault in self.house.db.read(books.faults)]

    def at_stripe(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        """The objects that really are there, those of them that say this."""
        found = self.stripe.control.objects(kind)
        return [each for each in found if all(each.get(name) == value for name, value in wanted.items())]


@contextmanager
def opened(folder: Path) -> Iterator[Till]:
    """Built by services, then served."""
    with answering_stripe() as stripe, answering_upstream() as upstream:
        processor = {"stripe_key": KEY, "stripe_webhook_secret": SECRET, "stripe_url": stripe.url}
        house = open_house(folder / "till", upstream_allow=upstream.address, **processor)
        supplier, owner = build.organisation(house, level=3), build.organisation(house, level=3)
        finance = build.platform_person(house, "finance")
        arrived, waiting = _begun(house, owner), _begun(house, owner)
        stripe.control.pay_session(arrived.session_id, "card")
        following.refresh(house, arrived.id)
        importing.read_books(house)
        subscription = _subscribed(house, supplier, owner, upstream)
        attend_once(house)
        dollars = build_house(replace(house.settings, currency="USD"))
        offer_id = _in_dollars(dollars, supplier, subscription.listing_id)
        attend_once(dollars)
        house.db.engine.dispose()
        given = processor | {"upstream_allow": upstream.address, "currency": "USD"}
        running = Running(folder / "till", web_workers=2, profile="test", **given)
        try:
            running.wait()
            yield Till(running, dollars, stripe, Sheet(folder / "till"), supplier, owner, finance, arrived, waiting,
                       subscription, offer_id)  # fmt: skip
            running.stop()
        finally:
            running.kill()
            dollars.db.engine.dispose()


def _begun(house: House, owner: Built) -> Payment:
    begun = house.db.write(
        lambda uow: checkout.top_up(uow, owner.actor, amount="100.00", currency="CNY", method="card")
    )
    return checkout.proceed(house, begun.id)


def _subscribed(house: House, supplier: Built, owner: Built, upstream: Any) -> OrderSnapshot:
    build.funded(house, owner, "100.00")
    listing = build.interface_listed(house, supplier, upstream, plan=_MONTHLY | {"currency": "CNY"})
    return build.paid(house, owner, listing)


def _in_dollars(house: House, supplier: Built, listing_id: str) -> str:
    """The supplier's next offer of the same; answers its id."""
    plan = _MONTHLY | {"currency": "USD"}
    house.db.write(
        lambda uow: listings.set_offer(uow, supplier.actor, listing_id, plan=plan, purposes=["product"], term_months=12)
    )
    house.db.write(lambda uow: listings.submit(uow, supplier.actor, listing_id))
    offer = build.approved(house, supplier, listing_id).offer
    assert offer is not None
    return offer.id
