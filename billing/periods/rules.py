"""What a close adds to the invoices. Pure.

A plan's window is rated by all of its units, so what a close charges is the difference that its usage makes
to what was charged before: exact, whatever came late and in whatever order. The difference is told apart by the
month in which the calls were made and, where one call's price does not depend on other operations, by operation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

import rfc8785

from billing import rating
from billing.invoices.rules import usage_lines
from billing.invoices.types import Line, Usage
from billing.periods.types import Count, Key
from billing.rating import RatedLine
from core.money import Rounding
from core.plans import Kind, PricePlan

Window = tuple[str, str]
"""Hash of a plan, and label of one of its windows."""
_BY_OPERATION = frozenset(
    {Kind.FREE, Kind.PER_CALL, Kind.PER_HIT, Kind.PER_RECORD, Kind.PER_BYTE, Kind.GRADUATED, Kind.PACKAGE}
)


@dataclass(frozen=True)
class Charge:
    """A line to be: what the usage of one month and operation (all of them when empty) costs by one plan."""

    month: str
    operation: str
    window: Window
    rated: RatedLine

    @property
    def plan_hash(self) -> str:
        return self.window[0]

    def usage(self) -> Usage:
        """As an invoice names it."""
        rated = self.rated
        return Usage(
            self.month, self.operation, self.plan_hash, str(rated.kind), rated.unit or "", rated.price, rated.per,
            rated.amount,
        )  # fmt: skip


@dataclass
class Charges:
    """What a close charges, and the units by which each window grows."""

    lines: list[Charge] = field(default_factory=list)
    units: dict[Window, int] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        return sum(line.rated.amount for line in self.lines)

    def negative(self) -> set[Window]:
        """The windows that give more back than they charge."""
        amounts: dict[Window, int] = {}
        for line in self.lines:
            amounts[line.window] = amounts.get(line.window, 0) + line.rated.amount
        return {window for window, amount in amounts.items() if amount < 0}


def added(counts: Iterable[Count]) -> dict[Key, Count]:
    """The counts of each key, added up; what comes to nothing is left out."""
    sums: dict[Key, Count] = {}
    for count in counts:
        sums[count.key] = sums[count.key] + count if count.key in sums else count
    return {key: count for key, count in sums.items() if count}


def difference(now: Iterable[Count], before: Iterable[Count]) -> list[Count]:
    """What is counted now and was not before; less than none of what was credited since."""
    found = added([*now, *(-count for count in before)])
    return [found[key] for key in sorted(found)]


def charges(
    counts: Sequence[Count],
    plans: Mapping[str, PricePlan],
    billed: Mapping[Window, int | None],
    parts_of: Mapping[Window, PricePlan] | None = None,
) -> Charges:
    """What these counts add to windows of which so many units were billed; None for a window never billed.

    ``parts_of`` are the plans of windows that are only a part of their period.
    """
    made = Charges()
    for window, mine in groupby(sorted(counts, key=lambda count: _place(count, plans)), lambda c: window_of(c, plans)):
        plan, before = (parts_of or {}).get(window, plans[window[0]]), billed.get(window)
        start = before or 0
        for (month, operation), parts in groupby(mine, partial(_part, plan)):
            units = (before or 0) + rating.quantity(plan, (count.rated() for count in parts))
            rated_before = [] if before is None else rating.rate_metered(plan, before)
            for line in rating.difference(rated_before, rating.rate_metered(plan, units)):
                made.lines.append(Charge(month, operation, window, line))
            before = units
        made.units[window] = (before or 0) - start
    return made


def lines(made: Charges, listing_id: str, currency: str, rate_bp: int, rounding: Rounding) -> list[Line]:
    """The invoice's lines of what costs something, those of one window rounded together."""
    priced = [each for each in made.lines if each.rated.amount]
    return [
        line
        for _, mine in groupby(priced, lambda each: each.window)
        for line in usage_lines(
            listing_id, [(each.usage(), each.rated.quantity) for each in mine], currency, rate_bp, rounding
        )
    ]


def canonical(counts: Iterable[Count]) -> str:
    """The snapshot of usage that an invoice's hash is taken over: canonical JSON, in one order."""
    rows = [count.document() for count in sorted(counts, key=lambda count: count.key)]
    return rfc8785.dumps(rows).decode()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def window_of(count: Count, plans: Mapping[str, PricePlan]) -> Window:
    return count.key.plan_hash, rating.window_label(plans[count.key.plan_hash], count.key.month)


def _part(plan: PricePlan, count: Count) -> tuple[str, str]:
    return count.key.month, count.key.operation if plan.kind in _BY_OPERATION else ""


def _place(count: Count, plans: Mapping[str, PricePlan]) -> tuple[Window, tuple[str, str], Key]:
    return window_of(count, plans), _part(plans[count.key.plan_hash], count), count.key
