"""A metered entitlement whose months are closed: what these tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from billing.invoices import queries as invoice_queries
from billing.invoices.types import Invoice
from billing.ledger import queries as ledger
from billing.ledger.types import Account, AccountKind, BalanceSnapshot
from billing.periods import service
from billing.periods.types import ClosedPeriod
from billing.usage import service as usage
from billing.usage.types import LoadReport, UsageRecord
from core.house import House
from tests import build
from tests.billing.books import Books
from tests.billing.usage.metering import PER_HIT, Meter, right_of

CENTI = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.0028"}


_epochs = count(1)


class Sale:
    """One buyer's right to call one supplier's interface."""

    def __init__(self, books: Books, plan: Mapping[str, Any] = PER_HIT, *, balance: int = 1_000_000,
                 buyer: build.Built | None = None, supplier: build.Built | None = None) -> None:  # fmt: skip
        self.books, self.house = books, books.house
        self.buyer = buyer or build.organisation(books.house)
        self.supplier = supplier or build.organisation(books.house)
        self.buyer_id, self.supplier_id = str(self.buyer.organisation_id), str(self.supplier.organisation_id)
        if balance:
            books.fund(self.buyer_id, balance)
        self.right = right_of(self.buyer_id, self.supplier_id, plan)
        self.meter, self.epoch = Meter(self.house, self.right), f"{next(_epochs):016x}"
        self.house.db.write(lambda uow: usage.open_meter(uow, self.right))

    def call(self, number: int = 1, outcome: str = "hit", **changed: Any) -> LoadReport:
        """So many calls, at ``at`` or at this moment, loaded at once."""
        return self.load(self.records(number, outcome, **changed))

    def records(self, number: int = 1, outcome: str = "hit", **changed: Any) -> list[UsageRecord]:
        """Records of so many calls, at ``at`` or at this moment, not loaded yet."""
        given = {"at": self.house.clock.now(), "epoch": self.epoch} | changed
        return self.meter.records(number, outcome, **given)

    def load(self, records: Sequence[UsageRecord]) -> LoadReport:
        return self.meter.load(records)

    def credit(self, records: Sequence[UsageRecord]) -> int:
        """These calls turn out not to have been delivered."""
        chosen = [record.call_id for record in records]
        return self.house.db.write(lambda uow: usage.credit(uow, chosen, reason="not delivered"))

    def close(self, as_of: datetime | None = None) -> list[ClosedPeriod]:
        return [each for each in service.close_due(self.house, as_of) if each.order_id == self.right.order_id]

    def invoices(self) -> list[Invoice]:
        return self.house.db.read(lambda uow: invoice_queries.of_order(uow, self.right.order_id))

    def balance(self) -> BalanceSnapshot:
        return self.house.db.read(lambda uow: ledger.balance(uow, self.buyer_id))

    def owed(self) -> int:
        account = Account(AccountKind.BUYER_RECEIVABLE, self.buyer_id, "CNY")
        return self.house.db.read(lambda uow: ledger.balance_of_account(uow, account).balance)

    def also(self, plan: Mapping[str, Any]) -> Sale:
        """The same right under another plan, as after a change of terms."""
        other = right_of(self.buyer_id, self.supplier_id, plan)
        self.right = replace(
            self.right, plan=other.plan, plan_hash=other.plan_hash, currency=other.currency
        )  # fmt: skip
        self.meter.right = self.right
        self.house.db.write(lambda uow: usage.open_meter(uow, self.right))
        return self


def wait(house: House, days: int = 31) -> datetime:
    """Let time pass; answers the new moment."""
    return house.clock.advance(timedelta(days=days))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
