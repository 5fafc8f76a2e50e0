"""A random walk of runs, transfers, refusals, reversals, bank files, refunds and kills at every step: nobody is paid

twice, nothing is lost, the books are sound and agree with the processor's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from billing.payments import following
from billing.payouts import accounts, queries, reversals, runs, transfers
from billing.payouts.types import Payout
from core.money import format_amount
from core.problems import DomainError
from tests.billing.payouts.paying import LEASE, Killed, Market, dying_at_unit, interrupted
from tests.build import Built
from tests.stripe.client import ControlRefused

_FATES = ("", "", "", "killed before", "killed after", "lost before", "lost after")


class Walk:
    """What may happen, each by a name; whatever is refused changes nothing."""

    def __init__(self, trade: Market, seed: int) -> None:
        self.trade, self.random = trade, Random(seed)
        self.finance = (trade.books.recorder.actor, trade.books.confirmer.actor)
        self.suppliers = [trade.supplier(onboarded=True) for _ in range(2)] + [trade.supplier(bank=True)]
        self.earned: list[tuple[str, int]] = []
        self.steps: tuple[Callable[[], None], ...] = (
            self.earn, self.earn, self.refund, self.run, self.run, self.run, self.reverse, self.reverse, self.sweep,
            self.restrict, self.fund, self.bank, self.later,
        )  # fmt: skip

    def go(self, steps: int) -> None:
        with interrupted(self.trade.house, lambda: self.random.choice(_FATES)):
            for _ in range(steps):
                try:
                    self._maybe_killed(self.random.choice(self.steps))
                except (DomainError, ControlRefused, Killed, ExceptionGroup):
                    continue

    def end(self) -> None:
        """Everything that was begun comes to its end, without further ado."""
        self.later()
        runs.look_after(self.trade.house)
        self.trade.carry_out()
        following.look_after(self.trade.house, limit=100)  # what was paid while we died arrives late

    def _maybe_killed(self, step: Callable[[], None]) -> None:
        if self.random.random() < 0.4:
            with dying_at_unit(self.trade.house, self.random.randint(1, 6), after=self.random.random() < 0.5):
                step()
        else:
            step()

    def _one(self) -> Built:
        return self.random.choice(self.suppliers)

    def earn(self) -> None:
        share = self.random.randint(100, 2_000) * 9
        self.earned.append((self.trade.earn(self._one(), share), share))

    def refund(self) -> None:
        order, share = self.random.choice(self.earned or [("", 0)])
        if share:
            self.trade.take_back(order, self.random.randint(share // 4, share // 2))

    def run(self) -> None:
        self.trade.run()

    def reverse(self) -> None:
        page = self.trade.read(queries.payouts, self.finance[0], limit=100)
        for payout in page.items:
            self._reverse(payout)
        self.trade.carry_out()

    def _reverse(self, payout: Payout) -> None:
        (supplier,) = [each for each in self.suppliers if each.organisation_id == payout.organisation_id]
        owed = -self.trade.available(supplier)
        if owed > 0 and payout.reversible:
            part = format_amount(self.random.randint(1, min(owed, payout.reversible)), "CNY")
            self.trade.write(reversals.reverse, self.finance[0], payout.id, amount=part, reason="owed")

    def sweep(self) -> None:
        self.trade.fake.sweep(self.trade.account(self.suppliers[0]).remote_id, "cny")

    def restrict(self) -> None:
        who = self.suppliers[self.random.randint(0, 1)]
        remote_id = self.trade.account(who).remote_id
        (self.trade.fake.restrict if self.random.random() < 0.3 else self.trade.fake.onboard)(remote_id)
        if self.random.random() < 0.7:
            accounts.refresh(self.trade.house, who.actor)

    def fund(self) -> None:
        self.trade.top_up(self.random.randint(1_000, 20_000))

    def bank(self) -> None:
        for run in self.trade.read(queries.runs, self.finance[0], limit=100).items:
            report = self.trade.report(run.id)
            lines = [payout.id for payout in report.payouts if payout.way == "bank"]
            if lines and run.executed_at is None:
                self.trade.write(transfers.make_file, self.finance[0], run.id)
                failed = {each: "closed" for each in lines if self.random.random() < 0.3}
                self.trade.write(transfers.confirm, self.finance[1], run.id, failed)
            for each in lines:
                if self.random.random() < 0.1:
                    self.trade.write(transfers.give_back, self.finance[0], each, reason="returned")

    def later(self) -> None:
        self.trade.house.clock.advance(LEASE + timedelta(minutes=11))


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_nobody_is_paid_twice_and_nothing_is_lost(trade: Market, seed: int) -> None:
    walk = Walk(trade, seed)
    walk.go(steps=30)
    walk.end()
    page = trade.read(queries.payouts, walk.finance[0], limit=100)
    assert page.items
    assert [each.id for each in page.items if each.way == "processor" and each.state == "reserved"] == []
    trade.paid_once()
    trade.sound()
