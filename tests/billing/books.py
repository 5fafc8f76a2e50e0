"""Shorthand of these tests: people of finance, funded buyers, charges."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from billing import queries
from billing.invoices import service as invoices
from billing.invoices.types import Invoice
from billing.ledger import queries as ledger
from billing.payments import service as payments
from billing.payments.types import TopUp
from core.house import House
from core.ids import new_id
from core.money import format_amount
from tests import build
from tests.build import Built

_references = count(1)


@dataclass
class Books:
    """A house with two people of finance."""

    house: House
    recorder: Built
    confirmer: Built

    @classmethod
    def open(cls, house: House) -> Books:
        return cls(house, build.platform_person(house, "finance"), build.platform_person(house, "finance"))

    def record(self, organisation_id: str, minor: int, currency: str = "CNY") -> TopUp:
        reference = f"BANK{next(_references):08d}"
        return self.house.db.write(
            lambda uow: payments.record_topup(
                uow, self.recorder.actor, organisation_id=organisation_id, amount=format_amount(minor, currency),
                currency=currency, bank_reference=reference,
            )
        )  # fmt: skip

    def fund(self, organisation_id: str, minor: int, currency: str = "CNY") -> TopUp:
        topup = self.record(organisation_id, minor, currency)
        return self.house.db.write(lambda uow: payments.confirm_topup(uow, self.confirmer.actor, topup.id))

    def charge(self, buyer_id: str, supplier_id: str, net: int, order_id: str | None = None) -> Invoice:
        chosen = order_id or new_id("ord")
        return self.house.db.write(
            lambda uow: invoices.charge(
                uow, invoice_id=new_id("inv"), order_id=chosen, buyer_id=buyer_id, supplier_id=supplier_id,
                listing_id=new_id("lst"),
                description={"zh": "气象观测数据", "en": "Weather observations"}, net=net, currency="CNY",
            )
        )  # fmt: skip

    def balance(self, organisation_id: str) -> int:
        return self.house.db.read(lambda uow: ledger.balance(uow, organisation_id).balance)

    def faults(self) -> list[str]:
        """Everything that the product's own checks find wrong."""
        found = self.house.db.read(queries.faults)
        return [f"{fault.where}: {fault.what}" for fault in found]

    def ledger_faults(self) -> list[str]:
        """What is wrong with the ledger alone, for tests that post without a top-up behind it."""
        return [f"{fault.where}: {fault.what}" for fault in self.house.db.read(ledger.check)]
