"""Random walks over disputes, two people acting at the same moment: the money is always where an oracle says."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from billing import queries as billing
from billing.ledger import queries as ledger
from billing.settlement import queries as settlement
from core.db import Uow
from core.house import House
from core.ids import new_id
from core.money import format_amount, share
from core.problems import DomainError
from exchange.disputes import queries, service
from exchange.disputes.types import DisputeSnapshot, Outcome
from exchange.trading import queries as trading
from exchange.trading import service as trade
from tests import build

_TO_BEGIN_WITH = 10_000_000
_COMMISSION_BP = 1_000


class Walk:
    """One order at ¥1,000.00 and its four people; each deed may be refused, none may leave half a change."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.dice = house, random.Random(seed)
        self.buyer, self.supplier = build.organisation(house), build.organisation(house)
        self.officers = [build.platform_person(house, "officer") for _ in range(2)]
        build.funded(house, self.buyer)
        self.order = build.paid(house, self.buyer, build.listed(house, self.supplier))
        self.deeds: list[Callable[[Uow], object]] = [
            self.open, self.open, self.answer, self.answer, self.say, self.withdraw, self.rule, self.rule, self.rule,
            self.accept, self.fail,
        ]  # fmt: skip

    def newest(self, uow: Uow) -> str:
        found = queries.disputes(uow, self.buyer.actor, order_id=self.order.id).items
        return found[0].id if found else new_id("dsp")

    def open(self, uow: Uow) -> object:
        return service.open_dispute(uow, self.buyer.actor, self.order.id, ground="quality", text="not as described")

    def answer(self, uow: Uow) -> object:
        return service.state(uow, self.supplier.actor, self.newest(uow), text="as described")

    def say(self, uow: Uow) -> object:
        return service.state(uow, self.buyer.actor, self.newest(uow), text="look again")

    def withdraw(self, uow: Uow) -> object:
        return service.withdraw(uow, self.buyer.actor, self.newest(uow), reason="settled between us")

    def rule(self, uow: Uow) -> object:
        outcome = self.dice.choice(list(Outcome))
        amount = format_amount(self.dice.choice([1, 7, 10_000, 50_000]), "CNY") if outcome == Outcome.PART else None
        officer = self.dice.choice(self.officers).actor
        return service.rule(uow, officer, self.newest(uow), outcome=outcome, amount=amount, reason="as the files show")

    def accept(self, uow: Uow) -> object:
        return trade.accept(uow, self.buyer.actor, self.order.id)

    def fail(self, uow: Uow) -> object:
        return trade.fail_delivery(uow, self.supplier.actor, self.order.id, reason="cannot be delivered")

    def act(self, deed: Callable[[Uow], object]) -> bool:
        try:
            self.house.db.write(deed)
        except DomainError:
            return False
        return True

    def step(self) -> None:
        """Two people at the same moment; sometimes time passes, and does what it does."""
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self.act, self.dice.sample(self.deeds, 2)))
        if self.dice.random() < 0.2:
            self.house.clock.advance(timedelta(days=self.dice.choice([1, 4, 8])))
            trade.tick(self.house)

    def check(self) -> None:
        self.house.db.read(self._check)

    def _check(self, uow: Uow) -> None:
        order = trading.get(uow, self.buyer.actor, self.order.id)
        found = queries.disputes(uow, self.buyer.actor, order_id=order.id, limit=100).items
        assert billing.faults(uow) == []
        back = self._back(order.state, found)
        assert ledger.balance(uow, order.buyer_id).balance == _TO_BEGIN_WITH - order.gross + back
        going_on = [each for each in found if not each.ended]
        assert len(going_on) <= 1
        owed = settlement.totals(uow, self.supplier.actor)
        withheld = settlement.withheld_lines(uow, order.id)
        if order.state == "accepted":
            net = order.net + self._credited_net(uow)
            assert (owed.on_hold, owed.available) == (0, share(net, _COMMISSION_BP)[1])
        elif order.state == "refunded":
            assert (owed.on_hold, owed.available, back) == (0, 0, order.gross)
        else:
            assert owed.available == 0
            assert bool(withheld) == bool(going_on)

    def _back(self, state: str, found: Sequence[DisputeSnapshot]) -> int:
        return self.order.gross if state == "refunded" else sum(each.refunded for each in found)

    def _credited_net(self, uow: Uow) -> int:
        from billing.invoices import queries as invoices

        return sum(each.net for each in invoices.of_order(uow, self.order.id) if each.corrects)


def walked(house: House, seed: int, steps: int) -> None:
    walk = Walk(house, seed)
    for _ in range(steps):
        walk.step()
        walk.check()


@pytest.mark.parametrize("seed", range(3))
def test_a_walk_keeps_money_order_and_dispute_in_step(house: House, seed: int) -> None:
    walked(house, seed, steps=10)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 130))
def test_long_walks(house: House, seed: int) -> None:
    for each in range(5):
        walked(house, seed * 10 + each, steps=30)
