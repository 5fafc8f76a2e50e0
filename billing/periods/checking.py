"""The proof of the periods: every invoice of usage made again from the usage that was recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import select

from billing.invoices import queries as invoices
from billing.invoices.types import Invoice, Line
from billing.ledger.types import Discrepancy
from billing.periods import rules
from billing.periods.models import ClosedPeriodRow
from billing.periods.queries import failing
from billing.periods.rules import Charges, Window
from billing.periods.types import ClosedPeriod, read_counts
from billing.usage import settling
from billing.usage.holding import plan_of
from core.db import Uow
from core.money import Rounding


def check(uow: Uow) -> list[Discrepancy]:
    """Everything in the periods that should be impossible; an empty list says that

    each invoice of usage has its closed period and is, line by line, what the usage of its snapshot costs, added to
    what was charged before; the snapshots count no call that was not recorded, and no more units than windows say;
    and no close fails.
    """
    found: list[Discrepancy] = []
    for order_id, rows in groupby(_rows(uow), lambda row: row.order_id):
        found += _order(uow, order_id, list(rows))
    found += [Discrepancy(each, "an invoice of usage has no closed period") for each in _without_period(uow)]
    return found + [Discrepancy(each.order_id, f"a month cannot be closed: {each.reason}") for each in failing(uow)]


def _rows(uow: Uow) -> Sequence[ClosedPeriodRow]:
    order = (ClosedPeriodRow.order_id, ClosedPeriodRow.closed_at, ClosedPeriodRow.starts_at)
    return uow.session.execute(select(ClosedPeriodRow).order_by(*order)).scalars().all()


def _order(uow: Uow, order_id: str, rows: Sequence[ClosedPeriodRow]) -> Iterator[Discrepancy]:
    billed: dict[Window, int | None] = {}
    for row in rows:
        where = f"{order_id} {row.month}"
        if rules.sha256(row.usage) != row.usage_sha256:
            yield Discrepancy(where, "the usage differs from its hash")
        closed = row.snapshot()
        plans = {each.key.plan_hash: plan_of(uow, each.key.plan_hash) for each in closed.counts}
        known = {name: plan for name, plan in plans.items() if plan is not None}
        made = rules.charges(closed.counts, known, billed, settling.parts_of(uow, order_id))
        billed |= {window: (billed.get(window) or 0) + more for window, more in made.units.items()}
        yield from _invoice(uow, where, closed, made)
    yield from _against_meter(uow, order_id, rows, billed)


def _invoice(uow: Uow, where: str, closed: ClosedPeriod, made: Charges) -> Iterator[Discrepancy]:
    invoice = invoices.of_period(uow, closed.order_id, closed.period.label)
    if (invoice.id if invoice else None) != closed.invoice_id:
        yield Discrepancy(where, "the invoice is another one than the close made")
    elif invoice is None:
        if any(each.rated.amount for each in made.lines):
            yield Discrepancy(where, "usage that costs something has no invoice")
    elif invoice.span is None or invoice.span.usage_sha256 != closed.usage_sha256:
        yield Discrepancy(where, "the invoice names other usage")
    elif _again(invoice, made) != invoice.lines:
        yield Discrepancy(where, "the invoice is not what its usage costs")


def _again(invoice: Invoice, made: Charges) -> tuple[Line, ...]:
    first, rounding = invoice.lines[0], Rounding(invoice.rounding)
    return tuple(rules.lines(made, first.listing_id, invoice.currency, first.tax_rate_bp, rounding))


def _against_meter(
    uow: Uow, order_id: str, rows: Sequence[ClosedPeriodRow], billed: Mapping[Window, int | None]
) -> Iterator[Discrepancy]:
    kept = settling.billed_of(uow, order_id)
    for window in sorted({*kept, *billed}):
        if kept.get(window) != billed.get(window):
            yield Discrepancy(
                f"{order_id} {window[1]}", f"{billed.get(window)} units were closed, the meter says {kept.get(window)}"
            )
    counted: dict[tuple[str, ...], int] = {}
    for count in (count for row in rows for count in read_counts(json.loads(row.usage))):
        of = (count.key.month, count.key.operation, count.key.outcome, count.key.plan_hash, count.key.mode)
        counted[of] = counted.get(of, 0) + count.calls
    recorded = {key: calls for row in rows for key, calls in _recorded(uow, row).items()}
    for key, calls in counted.items():
        if calls > recorded.get(key, 0):
            yield Discrepancy(f"{order_id} {key[0]}", f"{calls} calls were closed, {recorded.get(key, 0)} recorded")


def _recorded(uow: Uow, row: ClosedPeriodRow) -> dict[tuple[str, ...], int]:
    found = settling.recorded(uow, row.order_id, row.starts_at, row.ends_at)
    return {(row.month, *key): calls for key, calls in found.items()}


def _without_period(uow: Uow) -> list[str]:
    closed = select(ClosedPeriodRow.invoice_id).where(ClosedPeriodRow.invoice_id.is_not(None))
    known = set(uow.session.execute(closed).scalars())
    return sorted(set(invoices.ids_of_usage(uow)) - known)
