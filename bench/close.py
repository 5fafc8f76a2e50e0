"""A month of generated calls, loaded, closed and proven: a million at ¥0.0028 are ¥2,800.00 on the invoice.

    python -m bench.close [--calls 1000000] [--misses 50000] [--operations 1] [--unit 2000]

The calls lie anywhere in one month of the buyer's zone and are loaded as gateways write them. Then the month is
closed, the statement fetched, written to a file and verified offline, and all books are proven from the records.
Answers 1 when a figure is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from bench.cast import open_house
from billing import queries
from billing.invoices.types import Invoice
from billing.periods import queries as periods
from billing.periods import service
from billing.usage.types import UsageRecord
from compliance.audit import checkpoints, verifier
from core.money import format_amount, round_units, rounding_of
from tests.billing.books import Books
from tests.billing.periods.closing import Sale, wait

PLAN = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.0028"}
UNITS = 2_800_000
SPREAD = timedelta(days=20)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--misses", type=int, default=50_000)
    parser.add_argument("--operations", type=int, default=1)
    parser.add_argument("--unit", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="piaohao-close-") as folder:
        sale = Sale(Books.open(open_house(Path(folder))), PLAN, balance=2 * given.calls)
        _load(sale, given)
        return 0 if _close(sale, given, Path(folder)) else 1


def _load(sale: Sale, given: argparse.Namespace) -> None:
    started, loaded = time.perf_counter(), 0
    for batch in _batches(sale, given):
        loaded += sale.load(batch).loaded
    seconds = time.perf_counter() - started
    _say(f"loaded     {loaded:,} records in {seconds:.0f} s, {loaded / seconds:,.0f} a second, made and all")


def _batches(sale: Sale, given: argparse.Namespace) -> Iterator[list[UsageRecord]]:
    chance, first = Random(given.seed), sale.house.clock.now().replace(day=2)
    outcomes = ["hit"] * given.calls + ["miss"] * given.misses
    chance.shuffle(outcomes)
    for start in range(0, len(outcomes), given.unit):
        yield [
            sale.records(
                1, outcome, at=first + SPREAD * chance.random(), operation=f"op{chance.randrange(given.operations)}"
            )[0]
            for outcome in outcomes[start : start + given.unit]
        ]  # fmt: skip


def _close(sale: Sale, given: argparse.Namespace, folder: Path) -> bool:
    wait(sale.house, 40)
    started, cpu = time.perf_counter(), time.process_time()
    closed = list(service.close_due(sale.house))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    (invoice,) = sale.invoices()
    again = list(service.close_due(sale.house))
    _say(f"closed     {len(closed)} period in {seconds * 1000:.0f} ms ({cpu * 1000:.0f} ms of CPU), again {len(again)}")
    _say(f"invoice    {invoice.number} {invoice.period}: net ¥{_money(invoice.net)}, gross ¥{_money(invoice.gross)}")
    for line in invoice.lines:
        assert line.usage is not None
        _say(f"line       {line.usage.operation}  {line.quantity:,} × ¥0.0028 = ¥{_money(line.net)}")
    document = sale.house.db.read(lambda uow: periods.statement(uow, sale.buyer.actor, invoice.id))
    verified = _verified(sale, document, folder)
    started = time.perf_counter()
    faults = sale.house.db.read(queries.faults)
    _say(f"books      proven from the records in {time.perf_counter() - started:.1f} s: {len(faults)} faults")
    balance = sale.balance()
    paid = (balance.balance, balance.held) == (2 * given.calls - invoice.gross, 0)
    return _right(invoice, given) and verified and not faults and not again and paid


def _verified(sale: Sale, document: dict[str, Any], folder: Path) -> bool:
    _say(f"statement  {len(document['rows'])} rows, {document['usage']} + rounding {document['rounding']}"
         f" = {document['net']}, tax {document['tax']}, gross {document['gross']}")  # fmt: skip
    path = folder / "statement.json"
    path.write_text(json.dumps(periods.signed_statement(sale.house, document), ensure_ascii=False), encoding="utf-8")
    _say(f"verify     {path.name} --key …")
    return verifier.main([str(path), "--key", checkpoints.public_key(sale.house).text()]) == verifier.GOOD


def _right(invoice: Invoice, given: argparse.Namespace) -> bool:
    whole = round_units(given.calls * UNITS, rounding_of("cn"))
    counted = sum(line.quantity for line in invoice.lines)
    return counted == given.calls and abs(invoice.net - whole) <= (given.operations if given.operations > 1 else 0)


def _money(minor: int) -> str:
    return format_amount(minor, "CNY")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
