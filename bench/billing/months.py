"""A month closed from its roll-ups, and made again from the raw bytes of every record: bit for bit the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from bench.billing.figures import Reader, measured, say, show
from bench.billing.market import Market, after_the_month
from billing.invoices import queries as invoices
from billing.invoices.types import Line
from billing.periods import rules, service
from billing.periods.types import ClosedPeriod, Count, Key
from billing.usage.holding import Calendar, plan_of
from billing.usage.models import UsageCredit, UsageRow
from core.db import Uow
from core.money import Rounding
from exchange.gateway import record
from exchange.gateway.record import Usage

_QUARTER_US = 900_000_000
_Month = tuple[str, str]
_Bill = tuple[str, tuple[Line, ...]]
"""The hash of what was counted, and the invoice's lines."""


@dataclass(frozen=True)
class Remade:
    """What the raw bytes of all records come to."""

    records: int
    counts: dict[_Month, dict[Key, list[int]]]


def close(name: str, market: Market, *cpu: Reader) -> list[str]:
    """Close the month of the market's calls; answers where it is not what the records say."""
    house = market.house
    after_the_month(market)
    with measured(0, *cpu) as closing:
        closed = list(service.close_due(house))
    with measured(0, *cpu) as again:
        remade = house.db.read(_from_raw)
        bills = house.db.read(lambda uow: {_of(each): _bill(uow, each, remade) for each in closed})
    closing.units = again.units = remade.records
    kept = house.db.read(lambda uow: {_of(each): (each.usage_sha256, _lines(uow, each)) for each in closed})
    lines = sum(len(lines) for _, lines in kept.values())
    say(f"months   {len(closed)} periods closed on {name}, {lines} lines of {remade.records:,} records")
    show("months", f"made again from the raw records, {name}", "records", again)
    show("months", f"closed from roll-ups with their invoices, {name}", "records", closing, again)
    return list(_faults(closed, remade, kept, bills))


def _faults(
    closed: list[ClosedPeriod], remade: Remade, kept: dict[_Month, _Bill], bills: dict[_Month, _Bill]
) -> Iterator[str]:
    if not closed:
        yield "no period was closed"
    if missing := remade.counts.keys() - kept.keys():
        yield f"{len(missing)} months with records were not closed: {sorted(missing)[:3]}"
    for month, bill in kept.items():
        if bill != bills[month]:
            yield f"{month} is not what its records come to"


def _of(closed: ClosedPeriod) -> _Month:
    return closed.order_id, closed.period.label


def _from_raw(uow: Uow) -> Remade:
    credits = set(uow.session.execute(select(UsageCredit.call_id)).scalars())
    calendar, records, counts = Calendar(uow), 0, dict[_Month, dict[Key, list[int]]]()
    chosen = select(UsageRow.raw, UsageRow.credited).execution_options(yield_per=2_000)
    for raw, credited in uow.session.execute(chosen):
        found = record.parse(raw)
        assert isinstance(found, Usage)
        records += 1
        month = calendar.month(found.address.organisation_id, found.at_us // _QUARTER_US)
        undone = bool(credited) or found.call_id in credits
        key = Key(month, found.address.operation, found.plan_hash, found.outcome.text, found.mode, undone)
        into = counts.setdefault((found.address.order_id, month), {}).setdefault(key, [0, 0, 0, 0])
        for place, more in enumerate((1, found.records, found.bytes_in, found.bytes_out)):
            into[place] += more
    return Remade(records, counts)


def _bill(uow: Uow, closed: ClosedPeriod, remade: Remade) -> _Bill:
    counts = [Count(key, *sums) for key, sums in remade.counts.get(_of(closed), {}).items()]
    plans = {each.key.plan_hash: plan_of(uow, each.key.plan_hash) for each in counts}
    known = {name: plan for name, plan in plans.items() if plan is not None}
    made, digest = rules.charges(counts, known, {}), rules.sha256(rules.canonical(counts))
    if closed.invoice_id is None:
        return digest, ()
    invoice = invoices.load(uow, closed.invoice_id)
    first, rounding = invoice.lines[0], Rounding(invoice.rounding)
    return digest, tuple(rules.lines(made, first.listing_id, invoice.currency, first.tax_rate_bp, rounding))


def _lines(uow: Uow, closed: ClosedPeriod) -> tuple[Line, ...]:
    return invoices.load(uow, closed.invoice_id).lines if closed.invoice_id else ()
