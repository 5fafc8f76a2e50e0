"""A payment that a bank contests: what it is told, who may read it, and what payers and finance are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from billing.payments import chargebacks, checkout, queries, refunds
from billing.payments.types import Chargeback, Payment
from compliance.identity import queries as identity
from core import outbox
from core.problems import NotFound, Refused
from core.settings import Settings
from exchange.app import build_house
from exchange.disputes import contesting
from exchange.notices import queries as notices
from exchange.trading import funded
from exchange.trading import queries as trading
from exchange.trading.types import OrderSnapshot
from exchange.webhooks import queries as webhooks
from exchange.webhooks import service as endpoints
from tests import build
from tests.billing.payments.paying import Paid
from tests.build import Built
from tests.servers.stripe import FakeStripe, answering


@pytest.fixture(scope="module")
def stripe() -> Iterator[FakeStripe]:
    with answering() as fake:
        yield fake


@pytest.fixture
def paid(settings: Settings, stripe: FakeStripe) -> Iterator[Paid]:
    stripe.control.reset()
    changed = dataclasses.replace(
        settings, stripe_key=stripe.key, stripe_webhook_secret=stripe.secret, stripe_url=stripe.url
    )
    house = build_house(changed)
    yield Paid(house, stripe)
    house.db.engine.dispose()


def _bought(paid: Paid) -> tuple[OrderSnapshot, Payment]:
    """An order paid by card, and accepted."""
    offered = build.listed(paid.house, build.organisation(paid.house), amount="100.00")
    order = build.placed(paid.house, paid.buyer, offered)
    begun = paid.house.db.write(lambda uow: funded.begin(uow, paid.buyer.actor, order.id, method="card"))
    payment = checkout.proceed(paid.house, begun.id)
    paid.pay(payment)
    paid.tell()
    funded.pay_funded(paid.house)
    return order, payment


def _contested(paid: Paid) -> Chargeback:
    paid.stripe.control.dispute(paid.stripe.control.objects("charge")[-1]["id"])
    paid.tell()
    return paid.house.db.read(lambda uow: queries.chargebacks(uow, paid.finance.actor)).items[0]


def _drafted(paid: Paid, found: Chargeback, who: Built | None = None) -> str:
    actor = (who or paid.finance).actor
    return paid.house.db.read(lambda uow: contesting.drafted(uow, actor, found.id))


def _codes(paid: Paid, who: Built) -> list[str]:
    while outbox.relay(paid.house):
        pass
    found = paid.house.db.read(lambda uow: notices.notices(uow, who.actor, limit=100)).items
    return [each.code for each in found if each.topic == "money"]


def test_of_an_order_it_tells_what_was_agreed_delivered_and_done(paid: Paid) -> None:
    order, payment = _bought(paid)
    text = _drafted(paid, _contested(paid))
    now = paid.house.db.read(lambda uow: trading.get(uow, paid.buyer.actor, order.id))
    assert now.licence is not None
    for part in (payment.id, "106.00 CNY", order.id, now.licence.terms_hash, "pay by the buyer: paid", "role: "):
        assert part in text


def test_of_people_it_tells_roles_alone(paid: Paid) -> None:
    _bought(paid)
    text = _drafted(paid, _contested(paid))
    people = paid.house.db.read(lambda uow: identity.members(uow, paid.buyer.actor))
    for each in people:
        assert each.name not in text
        assert each.email not in text
        assert each.id not in text


def test_of_a_top_up_it_tells_the_orders_that_were_paid_from_it(paid: Paid) -> None:
    paid.paid("212.00")
    found = _contested(paid)
    assert "order ord_" not in _drafted(paid, found)
    offered = build.listed(paid.house, build.organisation(paid.house), amount="100.00")
    paid.stripe.control.decide(found.remote_id, won=True)
    paid.tell()
    order = build.paid(paid.house, paid.buyer, offered)
    assert f"order {order.id}" in _drafted(paid, found)


def test_it_is_for_finance_of_the_platform(paid: Paid) -> None:
    _bought(paid)
    found = _contested(paid)
    with pytest.raises(Refused):
        _drafted(paid, found, paid.buyer)
    with pytest.raises(NotFound):
        _drafted(paid, found, build.organisation(paid.house))


def test_payer_and_finance_are_told_of_a_contest_and_its_end(paid: Paid) -> None:
    paid.paid("100.00")
    found = _contested(paid)
    assert _codes(paid, paid.buyer) == ["money:chargeback_open", "money:payment_succeeded"]
    assert _codes(paid, paid.finance) == ["money:contest_open"]
    paid.house.db.write(lambda uow: chargebacks.answer(uow, paid.finance.actor, found.id, evidence="it was there"))
    paid.stripe.control.decide(found.remote_id, won=False)
    paid.tell()
    assert _codes(paid, paid.buyer)[0] == "money:chargeback_lost"
    assert _codes(paid, paid.finance) == ["money:contest_lost", "money:contest_open"]


def test_the_payer_is_told_of_what_failed_or_went_back(paid: Paid) -> None:
    payment = paid.paid("100.00")
    given = {"amount": "10.00", "reason": "too much"}
    paid.house.db.write(lambda uow: refunds.refund(uow, paid.buyer.actor, payment.id, **given))
    paid.settle_attempts()
    paid.tell()
    late = paid.top_up("20.00")
    paid.stripe.control.advance(90_000)
    paid.tell()
    assert paid.now(late).state == "expired"
    assert _codes(paid, paid.buyer) == ["money:payment_expired", "money:refund_settled", "money:payment_succeeded"]


def test_programs_hear_of_payments(paid: Paid) -> None:
    made = paid.house.db.write(
        lambda uow: endpoints.create(uow, paid.buyer.actor, url="https://buyer.example/hook", description="", types=[])
    )
    payment = paid.paid("100.00")
    stopped = paid.top_up("20.00")
    paid.house.db.write(lambda uow: checkout.cancel(uow, paid.buyer.actor, stopped.id))
    paid.settle_attempts()
    _codes(paid, paid.buyer)
    sent = paid.house.db.read(lambda uow: webhooks.messages(uow, paid.buyer.actor, made.snapshot.id)).items
    told = {each.type: each.payload for each in sent}
    assert sorted(told) == ["payment.failed", "payment.succeeded"]
    assert payment.id in told["payment.succeeded"]
    assert stopped.id in told["payment.failed"]
