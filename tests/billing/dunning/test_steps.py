"""Open invoices: told of step by step, each once, the newest alone after a pause, at last nothing is used on credit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from billing.dunning import queries, rules, service
from billing.dunning.types import Step, StepTaken
from billing.invoices import queries as invoices
from billing.invoices import service as invoicing
from billing.invoices.types import Invoice, OpenSnapshot, Span
from billing.payments import checkout
from billing.payments import queries as payments
from billing.payments.models import CustomerRow
from billing.payments.types import Method, PaymentState
from billing.processor.service import resume
from core.house import House
from core.ids import new_id
from core.settings import Settings
from exchange.app import build_house
from tests import build
from tests.billing.books import Books
from tests.servers.stripe import FakeStripe, answering

DAY = timedelta(days=1)


def open_invoice(house: House, buyer_id: str, label: str = "M202611", net: int = 10_000) -> Invoice:
    supplier = build.organisation(house)
    span = Span(
        label, datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC), "Asia/Shanghai", ""
    )
    return house.db.write(
        lambda uow: invoicing.charge_period(
            uow, order_id=new_id("ord"), buyer_id=buyer_id, supplier_id=str(supplier.organisation_id),
            listing_id=new_id("lst"), description={"en": "Minimum"}, net=net, currency="CNY", span=span,
        )
    )  # fmt: skip


def steps(house: House, invoice: Invoice) -> list[StepTaken]:
    return house.db.read(lambda uow: queries.steps_of(uow, [invoice.id])).get(invoice.id, [])


def rests(house: House, buyer_id: str) -> bool:
    return bool(house.db.read(lambda uow: queries.overdue(uow, [buyer_id])))


@pytest.mark.parametrize(
    ("days", "step"),
    [(0, None), (10.9, None), (11, Step.BEFORE), (13.9, Step.BEFORE), (14, Step.DUE), (21, Step.LATE), (28, Step.LAST),
     (400, Step.LAST)],
)  # fmt: skip
def test_the_newest_step_whose_time_has_come(days: float, step: Step | None) -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    mine = OpenSnapshot("inv", "ord", "org", "CNY", 1, since, of_fee=False)
    assert rules.step_at(rules.due_at(mine, Settings()), since + timedelta(days=days)) is step


def test_a_fee_is_due_within_its_days_of_grace() -> None:
    since = datetime(2026, 3, 1, tzinfo=UTC)
    fee = OpenSnapshot("inv", "ord", "org", "CNY", 1, since, of_fee=True)
    assert rules.due_at(fee, Settings()) == since + 7 * DAY
    assert rules.due_at(fee, Settings(invoice_due_days=3)) == since + 3 * DAY


def test_step_by_step_until_rights_rest_and_on_again_when_it_is_paid(books: Books) -> None:
    house, buyer = books.house, build.organisation(books.house)
    own = str(buyer.organisation_id)
    invoice = open_invoice(house, own)
    taken = []
    for days in (10, 1, 3, 7, 7):
        house.clock.advance(days * DAY)
        service.tend(house)
        service.tend(house)
        taken.append([each.step for each in steps(house, invoice)])
    assert taken == [[], [Step.BEFORE], [Step.BEFORE, Step.DUE], [*Step][:3], [*Step]]
    assert not rests(house, own), "the last word was said a moment ago"
    house.clock.advance(DAY)
    assert service.tend(house) == 1
    assert rests(house, own)
    assert service.tend(house) == 0
    books.fund(own, 20_000)
    house.db.write(lambda uow: invoicing.collect(uow, buyer_id=own, currency="CNY"))
    assert service.tend(house) == 1
    assert not rests(house, own)
    assert books.faults() == []


def test_after_a_pause_only_the_newest_step_is_told(books: Books) -> None:
    house = books.house
    invoice = open_invoice(house, str(build.organisation(house).organisation_id))
    house.clock.advance(100 * DAY)
    assert service.tend(house) == 1
    assert [each.step for each in steps(house, invoice)] == [Step.LAST]
    assert service.tend(house) == 0, "rights rest a day after the last word, however late it is"


def test_several_workers_at_once_take_a_step_once(books: Books) -> None:
    house = books.house
    made = [open_invoice(house, str(build.organisation(house).organisation_id)) for _ in range(2)]
    house.clock.advance(14 * DAY)
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: service.tend(house), range(4)))
    assert done == 2
    assert [len(steps(house, each)) for each in made] == [1, 1]


def test_what_the_balance_pays_is_not_told_of(books: Books) -> None:
    house, buyer = books.house, build.organisation(books.house)
    own = str(buyer.organisation_id)
    invoice = open_invoice(house, own)
    books.fund(own, 20_000)
    house.clock.advance(14 * DAY)
    service.tend(house)
    assert steps(house, invoice) == []
    assert house.db.read(lambda uow: invoices.outstanding(uow, [invoice.id])) == {}


@pytest.fixture(scope="module")
def stripe() -> Iterator[FakeStripe]:
    with answering() as fake:
        yield fake


@pytest.fixture
def charging(settings: Settings, stripe: FakeStripe) -> Iterator[Books]:
    stripe.control.reset()
    house = build_house(dataclasses.replace(settings, stripe_key=stripe.key, stripe_url=stripe.url))
    yield Books.open(house)
    house.db.engine.dispose()


def _with_card(house: House, stripe: FakeStripe) -> build.Built:
    buyer = build.organisation(house)
    begun = house.db.write(
        lambda uow: checkout.top_up(uow, buyer.actor, amount="10.00", currency="CNY", method="card", keep_card=True)
    )
    opened = checkout.proceed(house, begun.id)
    stripe.control.pay_session(opened.session_id, "card")
    from billing.payments.following import refresh

    refresh(house, begun.id)
    return buyer


def test_a_kept_card_is_tried_and_pays(charging: Books, stripe: FakeStripe) -> None:
    house, buyer = charging.house, _with_card(charging.house, stripe)
    invoice = open_invoice(house, str(buyer.organisation_id))
    house.clock.advance(11 * DAY)
    service.tend(house)
    assert [each.payment_id for each in steps(house, invoice)] == [None], "before it is due nothing is charged"
    house.clock.advance(3 * DAY)
    service.tend(house)
    service.tend(house)
    tried = steps(house, invoice)[-1].payment_id
    assert tried is not None
    while resume(house):
        pass
    paid = house.db.read(lambda uow: payments.load(uow, tried))
    assert (paid.method, paid.state, paid.received) == (Method.SAVED_CARD, PaymentState.SUCCEEDED, 9_600)
    assert house.db.read(lambda uow: invoices.outstanding(uow, [invoice.id])) == {}
    assert len(stripe.control.objects("payment_intent")) == 2
    assert charging.faults() == []


def test_an_invoice_that_is_being_paid_is_not_charged_beside(charging: Books, stripe: FakeStripe) -> None:
    house, buyer = charging.house, _with_card(charging.house, stripe)
    invoice = open_invoice(house, str(buyer.organisation_id))
    begun = house.db.write(
        lambda uow: checkout.pay_invoice(uow, buyer.actor, invoice_id=invoice.id, method="alipay")
    )  # fmt: skip
    house.clock.advance(14 * DAY)
    service.tend(house)
    assert [each.payment_id for each in steps(house, invoice)] == [None]
    assert begun.pending


@pytest.mark.parametrize(
    ("card", "code"),
    [("pm_card_chargeCustomerFail", "card_declined"), ("pm_card_authenticationRequired", "authentication_required")],
)
def test_a_kept_card_that_does_not_pay_ends_that_try_and_the_next_step_tries_again(
    charging: Books, stripe: FakeStripe, card: str, code: str
) -> None:
    """Declined, or its bank wants to hear it from the payer: the invoice stays open, and the payer can pay it."""
    house, buyer = charging.house, _with_card(charging.house, stripe)
    invoice = open_invoice(house, str(buyer.organisation_id))
    house.db.write(lambda uow: uow.session.execute(update(CustomerRow).values(card_id=card)))
    tries = set()
    for days in (14, 7):
        house.clock.advance(days * DAY)
        service.tend(house)
        while resume(house):
            pass
        payment_id = steps(house, invoice)[-1].payment_id or ""
        tried = house.db.read(lambda uow, id=payment_id: payments.load(uow, id))  # type: ignore[misc]
        assert (tried.state, tried.code, tried.received) == (PaymentState.FAILED, code, 0)
        tries.add(tried.id)
    assert len(tries) == 2
    assert invoice.id in house.db.read(lambda uow: invoices.outstanding(uow, [invoice.id]))
    begun = house.db.write(
        lambda uow: checkout.pay_invoice(uow, buyer.actor, invoice_id=invoice.id, method="card")
    )  # fmt: skip
    assert begun.pending
    assert charging.faults() == []


def test_nothing_is_told_of_an_invoice_while_it_is_disputed(books: Books) -> None:
    house, buyer = books.house, build.organisation(books.house)
    own = str(buyer.organisation_id)
    invoice = open_invoice(house, own)
    house.clock.advance(28 * DAY)
    service.tend(house)
    house.clock.advance(DAY)
    service.tend(house)
    assert rests(house, own)
    house.db.write(lambda uow: service.pause(uow, invoice.id, because="dsp_1"))
    house.db.write(lambda uow: service.pause(uow, invoice.id, because="dsp_1"))
    service.tend(house)
    assert not rests(house, own), "what is disputed lets nothing rest"
    other = open_invoice(house, own, label="M202612")
    house.db.write(lambda uow: service.pause(uow, other.id, because="dsp_1"))
    house.clock.advance(100 * DAY)
    assert service.tend(house) == 0
    house.db.write(lambda uow: service.go_on(uow, because="dsp_1"))
    assert service.tend(house) == 1
    assert [each.step for each in steps(house, other)] == [Step.LAST], "the newest step alone"
    assert not rests(house, own), "a day is left after the dispute"
    house.clock.advance(DAY)
    service.tend(house)
    assert rests(house, own)
