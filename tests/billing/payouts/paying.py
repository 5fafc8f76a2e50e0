"""Shorthand of these tests: suppliers with a balance, accounts with the processor, runs carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar

from billing.invoices import queries as invoices
from billing.invoices import service as invoicing
from billing.ledger import queries as ledger
from billing.ledger.types import Account, AccountKind
from billing.payments import checkout, following
from billing.payouts import accounts, banks, queries, runs
from billing.payouts.types import BankAccount, Payout, RunReport
from billing.processor import importing
from billing.processor import queries as processor
from billing.processor import service as asking
from billing.processor.client import Processor
from billing.processor.errors import RemoteUnknown
from billing.settlement import service as settlement
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import format_amount
from exchange.app import build_house
from tests import build
from tests.billing.books import Books
from tests.build import Built
from tests.servers.stripe import FakeStripe
from tests.stripe.client import Control

T = TypeVar("T")
DAY_S = 86_400
LEASE = timedelta(seconds=61)


class Killed(Exception):
    """The process is gone, here."""


class Interrupted:
    """The processor's adapter, with which the process dies or loses the answer, before or after the remote effect."""

    def __init__(self, inner: Any, fate: Callable[[], str]) -> None:
        self._inner, self._fate = inner, fate

    def ask(self, attempt: Any) -> Any:
        fate = self._fate()
        if fate == "killed before":
            raise Killed
        if fate == "lost before":
            raise RemoteUnknown("no connection")
        answer = self._inner.ask(attempt)
        if fate == "killed after":
            raise Killed
        if fate == "lost after":
            raise RemoteUnknown("the answer was lost")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@contextmanager
def interrupted(house: House, fate: Callable[[], str]) -> Iterator[None]:
    inner = house.adapter(Processor)  # type: ignore[type-abstract]
    house.provide(Processor, Interrupted(inner, fate))  # type: ignore[type-abstract]
    try:
        yield
    finally:
        house.provide(Processor, inner)  # type: ignore[type-abstract]


@contextmanager
def dying_at_unit(house: House, number: int, *, after: bool) -> Iterator[None]:
    """The process dies before, or just after, the unit of that number that writes from now on."""
    units, write = count(1), house.db.write

    def mortal(work: Callable[[Uow], T]) -> T:
        mine = next(units) == number
        if mine and not after:
            raise Killed
        done = write(work)
        if mine:
            raise Killed
        return done

    house.db.write = mortal  # type: ignore[method-assign]
    try:
        yield
    finally:
        del house.db.write


@dataclass
class Market:
    """A house whose payments go to a fake Stripe, with a buyer whose card filled the balance there and here."""

    house: House
    books: Books
    fake: Control
    buyer: Built
    orders: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, house: House, fake: FakeStripe, deposit: int = 1_000_000) -> Market:
        books = Books.open(house)
        market = cls(house, books, fake.control, build.organisation(house))
        market.top_up(deposit)
        return market

    def write(self, work: Callable[..., T], *args: Any, **given: Any) -> T:
        return self.house.db.write(lambda uow: work(uow, *args, **given))

    def read(self, work: Callable[..., T], *args: Any, **given: Any) -> T:
        return self.house.db.read(lambda uow: work(uow, *args, **given))

    def top_up(self, minor: int) -> str:
        """By card; the money is available at the fake at once. Answers the payment's id."""
        amount = format_amount(minor, "CNY")
        begun = self.write(checkout.top_up, self.buyer.actor, amount=amount, currency="CNY", method="card")
        paid = checkout.proceed(self.house, begun.id)
        self.fake.pay_session(paid.session_id)
        following.refresh(self.house, paid.id)
        self.fake.advance(3 * DAY_S)
        return paid.id

    def supplier(self, *, onboarded: bool = False, bank: bool = False, earned: int = 0) -> Built:
        made = build.organisation(self.house)
        if onboarded:
            self.onboard(made)
        if bank:
            self.bank_account(made)
            self.house.clock.advance(timedelta(days=4))
        if earned:
            self.earn(made, earned)
        return made

    def onboard(self, who: Built, *, complete: bool = True) -> str:
        """Begins the account, fills it in at the fake, and looks at it; answers its remote id."""
        self.write(accounts.begin, who.actor)
        self.carry_out()
        remote_id: str = self.account(who).remote_id
        self.fake.onboard(remote_id, complete=complete)
        accounts.refresh(self.house, who.actor)
        return remote_id

    def account(self, who: Built) -> Any:
        return self.read(queries.account, str(who.organisation_id))

    def bank_account(self, who: Built, number: str = "6222 0210 0112 3456 789", **given: str) -> BankAccount:
        values = {"holder": "上海示例有限公司", "bank": "中国工商银行", "bank_code": "102290000123"} | given
        code = build.otp(self.house, who)
        return self.write(banks.change, who.actor, number=number, otp=code, **values)

    def earn(self, who: Built, share: int) -> str:
        """The supplier's share of an order that was accepted (a tenth on top is the commission); answers the order."""
        net = share * 10 // 9
        order_id = new_id("ord")
        self.books.charge(str(self.buyer.organisation_id), str(who.organisation_id), net, order_id)
        self.write(settlement.release, order_id=order_id)
        self.orders[order_id] = str(who.organisation_id)
        return order_id

    def take_back(self, order_id: str, share: int) -> None:
        """A late refund to the buyer takes so much from the supplier's share, which was released."""
        invoice = self.read(invoices.charge_of, order_id)
        assert invoice is not None
        gross = share * 10 // 9 * 106 // 100
        self.write(invoicing.refund_part, self.books.recorder.actor, invoice, gross=gross, reason="late")

    def run(self, **given: Any) -> RunReport:
        """A whole settlement run, its attempts carried out."""
        started = self.write(runs.start, self.books.recorder.actor, currency="CNY", **given)
        runs.proceed(self.house, started.id)
        self.carry_out()
        return self.report(started.id)

    def report(self, run_id: str) -> RunReport:
        return self.read(queries.run, self.books.recorder.actor, run_id)

    def payout(self, payout_id: str) -> Payout:
        return self.read(queries.payout, self.books.recorder.actor, payout_id)

    def carry_out(self) -> None:
        """Whatever has to be asked of the processor and has no answer."""
        while asking.resume(self.house):
            continue

    def available(self, who: Built) -> int:
        account = Account(AccountKind.SUPPLIER_AVAILABLE, str(who.organisation_id), "CNY")
        return self.read(ledger.balance_of_account, account).balance

    def sent(self) -> list[tuple[str, int, int]]:
        """What the fake transferred: destination, amount, and what was taken back of it."""
        return [(t["destination"], t["amount"], t["amount_reversed"]) for t in self.fake.objects("transfer")]

    def skipped(self, report: RunReport) -> dict[str, str]:
        return {skip.organisation_id: str(skip.reason) for skip in report.skips}

    def paid_once(self) -> None:
        """Every transfer that was made is a payout that was settled, and the other way round."""
        made = sorted((t["transfer_group"], t["amount"], t["amount_reversed"]) for t in self.fake.objects("transfer"))
        page = self.read(queries.payouts, self.books.recorder.actor, limit=100)
        assert page.next_cursor is None
        settled = [p for p in page.items if p.way == "processor" and p.state == "settled"]
        assert made == sorted((p.id, p.amount, p.reversed) for p in settled)

    def sound(self) -> None:
        """The books are sound, and what the ledger says lies with the processor is what lies there."""
        importing.read_books(self.house)
        assert self.books.faults() == []
        there = self.fake.totals().get("", {}).get("cny", [0, 0])
        assert self.read(processor.clearing).get("CNY", 0) == sum(there)


def market(settings: Any, fake: FakeStripe, **given: Any) -> Market:
    connected = replace(
        settings, stripe_key=fake.key, stripe_url=fake.url, stripe_webhook_secret=fake.secret, payout_minimum=1_000
    )
    return Market.open(build_house(connected), fake, **given)
