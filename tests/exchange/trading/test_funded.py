"""Orders paid by card: the money arrives on the balance, and the order is paid from there, or it is told why not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from billing import queries as books
from billing.coupons import service as coupons
from billing.ledger import queries as ledger
from billing.payments import checkout
from billing.payments.errors import NothingToPay
from billing.payments.following import refresh
from billing.payments.types import Payment
from core.house import House
from core.problems import DomainError
from core.settings import Settings
from exchange.app import build_house
from exchange.trading import funded, queries, service
from exchange.trading.types import OrderSnapshot
from tests import build
from tests.servers.stripe import FakeStripe, answering
from tests.servers.upstream import Upstream


@pytest.fixture(scope="module")
def stripe() -> Iterator[FakeStripe]:
    with answering() as fake:
        yield fake


@pytest.fixture
def house(settings: Settings, stripe: FakeStripe) -> Iterator[House]:
    stripe.control.reset()
    changed = dataclasses.replace(settings, stripe_key=stripe.key, stripe_url=stripe.url)
    made = build_house(changed)
    yield made
    made.db.engine.dispose()


def _order(house: House) -> tuple[build.Built, OrderSnapshot]:
    buyer, supplier = build.organisation(house), build.organisation(house)
    return buyer, build.placed(house, buyer, build.listed(house, supplier, amount="100.00"))


def _begin(house: House, who: build.Built, order: OrderSnapshot) -> Payment:
    begun = house.db.write(lambda uow: funded.begin(uow, who.actor, order.id, method="alipay"))
    return checkout.proceed(house, begun.id)


def _state(house: House, buyer: build.Built, order: OrderSnapshot) -> str:
    return house.db.read(lambda uow: queries.get(uow, buyer.actor, order.id)).state


def _pay(house: House, stripe: FakeStripe, payment: Payment) -> None:
    stripe.control.pay_session(payment.session_id, "alipay")
    refresh(house, payment.id)


def _balance(house: House, buyer: build.Built) -> int:
    return house.db.read(lambda uow: ledger.balance(uow, buyer.organisation_id or "")).balance


def test_its_money_arrives_and_it_is_paid_once(house: House, stripe: FakeStripe) -> None:
    buyer, order = _order(house)
    payment = _begin(house, buyer, order)
    assert payment.amount == order.gross
    _pay(house, stripe, payment)
    assert (_state(house, buyer, order), _balance(house, buyer)) == ("placed", order.gross)
    assert funded.pay_funded(house) == 1
    assert funded.pay_funded(house) == 0
    assert (_state(house, buyer, order), _balance(house, buyer)) == ("paid", 0)
    assert house.db.read(lambda uow: funded.reason_of(uow, payment.id)) == ""


def test_cancelled_meanwhile_the_money_stays(house: House, stripe: FakeStripe) -> None:
    buyer, order = _order(house)
    payment = _begin(house, buyer, order)
    house.db.write(lambda uow: service.cancel(uow, buyer.actor, order.id, reason="too late"))
    _pay(house, stripe, payment)
    funded.pay_funded(house)
    assert (_state(house, buyer, order), _balance(house, buyer)) == ("cancelled", order.gross)
    assert house.db.read(lambda uow: funded.reason_of(uow, payment.id)) == "order_state"


def test_frozen_meanwhile_the_money_stays(house: House, stripe: FakeStripe) -> None:
    buyer, order = _order(house)
    payment, officer = _begin(house, buyer, order), build.platform_person(house, "officer")
    house.db.write(lambda uow: service.freeze(uow, officer.actor, order.id, reason="looked into"))
    _pay(house, stripe, payment)
    funded.pay_funded(house)
    assert (_state(house, buyer, order), _balance(house, buyer)) == ("placed", order.gross)
    assert house.db.read(lambda uow: funded.reason_of(uow, payment.id)) != ""


def test_who_may_not_pay_begins_nothing(house: House, stripe: FakeStripe) -> None:
    buyer, order = _order(house)
    for who in (build.organisation(house), build.member(house, buyer, "developer")):
        with pytest.raises(DomainError):
            _begin(house, who, order)
    assert stripe.control.objects("checkout.session") == []


SUBSCRIPTION = {"version": 1, "kind": "subscription", "currency": "CNY", "amount": "31.00", "period": "month"}


def _subscribed(house: House, upstream: Upstream, coupon: str | None = None) -> tuple[build.Built, OrderSnapshot]:
    """Placed at noon of 10 December in Shanghai: 21 days and a half of 31 are left."""
    house.clock.advance(datetime(2026, 12, 10, 4, tzinfo=UTC) - house.clock.now())
    supplier, buyer = build.organisation(house), build.organisation(house)
    listing = build.interface_listed(house, supplier, upstream, plan=SUBSCRIPTION)
    house.db.write(lambda uow: coupons.create(uow, supplier.actor, code="TEN", amount="10.00"))
    offer = listing.offer
    assert offer is not None
    order = house.db.write(
        lambda uow: service.place(
            uow, buyer.actor, listing_id=listing.id, offer_id=offer.id, purpose=offer.purposes[0], accept_terms=True,
            coupon=coupon,
        )
    )  # fmt: skip
    return buyer, order


@pytest.mark.parametrize(("coupon", "fee"), [(None, 2_279), ("TEN", 1_219)])
def test_the_first_fee_of_a_subscription_is_paid_by_card(
    settings: Settings, stripe: FakeStripe, upstream: Upstream, coupon: str | None, fee: int
) -> None:
    stripe.control.reset()
    settings.data.mkdir(mode=0o700, exist_ok=True)
    house = build_house(
        dataclasses.replace(settings, stripe_key=stripe.key, stripe_url=stripe.url, upstream_allow=upstream.address)
    )
    buyer, order = _subscribed(house, upstream, coupon)
    assert order.gross == 0
    payment = _begin(house, buyer, order)
    assert abs(payment.amount - fee) <= 1
    house.clock.advance(timedelta(hours=2))
    _pay(house, stripe, payment)
    funded.pay_funded(house)
    assert _state(house, buyer, order) == "delivered"
    assert 0 < _balance(house, buyer) < 10, "in two hours the fee became a little less"
    assert house.db.read(books.faults) == []
    house.db.engine.dispose()


def test_what_is_paid_by_usage_is_not_paid_by_card(calling_house: House, upstream: Upstream) -> None:
    supplier, buyer = build.organisation(calling_house), build.organisation(calling_house)
    listing = build.interface_listed(calling_house, supplier, upstream)
    order = build.placed(calling_house, buyer, listing)
    with pytest.raises(NothingToPay):
        calling_house.db.write(lambda uow: funded.begin(uow, buyer.actor, order.id, method="card"))
