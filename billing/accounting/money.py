"""The state of all money, for whoever runs the exchange: what is there, what is owed, what does not fit, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from billing.accounting import months
from billing.accounting.chart import CASH, CHART, OWED
from billing.accounting.types import ChartAccount, MonthClose
from billing.fapiao import queries as fapiao
from billing.fapiao.types import FapiaoState
from billing.ledger import queries as ledger
from billing.ledger.types import AccountKind, TrialRow
from billing.payments import queries as payments
from billing.payments import reconciling
from billing.payouts import queries as payouts
from billing.payouts.types import Run
from billing.periods import queries as periods
from billing.periods.types import FailingClose
from billing.processor import queries as processor
from billing.processor.types import Attempt, BalanceEntry
from compliance.policy import Resource, require
from core.actor import Actor
from core.db import Uow

_OF_PAYOUTS = ("transfer", "transfer_refund", "transfer_cancel", "transfer_failure")
_STUCK_AFTER = timedelta(minutes=10)
_MOST_SHOWN = 100


@dataclass(frozen=True)
class Cover:
    """Of one currency: the cash there is, what is owed to others, and what each account adds to it."""

    currency: str
    cash: int
    owed: int
    parts: Sequence[tuple[ChartAccount, str, int]]

    @property
    def left(self) -> int:
        return self.cash - self.owed


@dataclass(frozen=True)
class Money:
    trial: Sequence[TrialRow]
    sums: dict[str, int]
    covers: Sequence[Cover]
    unmatched: Sequence[BalanceEntry]
    stuck: Sequence[Attempt]
    failing: Sequence[FailingClose]
    waiting: int
    runs: Sequence[Run]
    topups: int
    fapiao: int
    months: Sequence[MonthClose]


def overview(uow: Uow, actor: Actor) -> Money:
    """For finance, operators and officers of the platform. Raises PolicyRefused."""
    require(actor, "accounting:see", Resource("accounting", "platform", {"owner": None}))
    trial = ledger.kind_totals(uow)
    return Money(
        trial=trial,
        sums=ledger.trial_balance(uow),
        covers=covers(trial),
        unmatched=unmatched(uow),
        stuck=processor.stuck(uow, _STUCK_AFTER),
        failing=periods.failing(uow),
        waiting=len(periods.waiting(uow, uow.now())),
        runs=payouts.runs(uow, actor, limit=5).items,
        topups=len(payments.waiting(uow)),
        fapiao=len(fapiao.listed(uow, actor, state=FapiaoState.REQUESTED, limit=100).items),
        months=months.newest(uow, 12),
    )


def covers(trial: Sequence[TrialRow]) -> list[Cover]:
    """Cash against what is owed, by currency."""
    found = []
    for currency in sorted({row.currency for row in trial}):
        of = {AccountKind(row.kind): row.balance for row in trial if row.currency == currency}
        cash = [(CHART[kind], str(kind), of[kind]) for kind in CASH if kind in of]
        owed = [(CHART[kind], str(kind), -of[kind]) for kind in OWED if kind in of]
        found.append(
            Cover(currency, sum(each[2] for each in cash), sum(each[2] for each in owed), [*cash, *owed])
        )  # fmt: skip
    return found


def unmatched(uow: Uow) -> list[BalanceEntry]:
    """Rows of the processor's books that nothing of ours stands for. Asks no policy: for pages that asked."""
    ours = reconciling.unmatched(uow, _MOST_SHOWN)
    return [*ours, *processor.without_match(uow, _OF_PAYOUTS, payouts.STANDS_FOR, _MOST_SHOWN)]
