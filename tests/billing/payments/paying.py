"""Buyers who pay through the fake Stripe, and its messages, delivered as the test likes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import stripe

from billing import queries as books
from billing.ledger import queries as ledger
from billing.payments import checkout, queries
from billing.payments.types import CardRefund, Payment
from billing.processor import importing, inbox
from billing.processor.client import Processor
from billing.processor.service import resume
from core.house import House
from tests import build
from tests.build import Built
from tests.servers.stripe import FakeStripe


@dataclass
class Paid:
    """A house, its fake Stripe, a buyer with an owner, and finance of the platform."""

    house: House
    stripe: FakeStripe
    buyer: Built = field(init=False)
    finance: Built = field(init=False)

    def __post_init__(self) -> None:
        self.buyer = build.organisation(self.house)
        self.finance = build.platform_person(self.house, "finance")

    def top_up(self, amount: str = "100.00", method: str = "card") -> Payment:
        """A payment that is begun and open: its payer is on the processor's page."""
        begun = self.house.db.write(
            lambda uow: checkout.top_up(uow, self.buyer.actor, amount=amount, currency="CNY", method=method)
        )
        return checkout.proceed(self.house, begun.id)

    def pay(self, payment: Payment, method: str = "card") -> None:
        """The payer pays on the processor's page. We are not told."""
        self.stripe.control.pay_session(payment.session_id, method)

    def tell(self, kind: str = "*") -> list[str]:
        """Every message of that kind that there ever was, in its order; answers what became of each."""
        return [self.deliver(event) for event in self.stripe.control.events(kind)]

    def deliver(self, event: dict[str, Any]) -> str:
        raw = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(raw, self.stripe.secret)
        return inbox.receive(self.house, raw.encode(), signature)

    def paid(self, amount: str = "100.00", method: str = "card") -> Payment:
        """A top-up that arrived."""
        payment = self.top_up(amount, method)
        self.pay(payment, method)
        self.tell()
        return self.now(payment)

    def now(self, payment: Payment) -> Payment:
        return self.house.db.read(lambda uow: queries.load(uow, payment.id))

    def refunds(self, payment: Payment) -> list[CardRefund]:
        return self.house.db.read(lambda uow: queries.refunds_of(uow, payment.id))

    def balance(self) -> int:
        return self.house.db.read(lambda uow: ledger.balance(uow, self.buyer.organisation_id or "")).balance

    def settle_attempts(self) -> None:
        while resume(self.house):
            pass

    def read_books(self) -> int:
        return importing.read_books(self.house)

    def clearing(self) -> int:
        """What the ledger says lies with the processor."""
        rows = self.house.db.read(ledger.kind_totals)
        return sum(row.balance for row in rows if row.kind == "processor_clearing")

    def at_stripe(self) -> int:
        """What does lie there."""
        return sum(sum(of.get("cny", [0])) for name, of in self.stripe.control.totals().items() if name == "")

    def faults(self) -> list[str]:
        return [f"{fault.where}: {fault.what}" for fault in self.house.db.read(books.faults)]

    def processor(self) -> Processor:
        return self.house.adapter(Processor)  # type: ignore[type-abstract]
