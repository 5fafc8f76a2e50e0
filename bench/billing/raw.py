"""A billing run over a month's raw records: from our roll-ups to rated lines, beside DuckDB over the records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import duckdb

from bench.billing.figures import Took, measured, say, show
from billing.periods import rules
from billing.periods.queries import counts_of
from billing.usage import service as usage
from billing.usage import sums
from billing.usage.holding import Meter, plan_of
from billing.usage.models import UsageHold, UsageRow
from core import plans
from core.db import Uow
from core.house import House
from core.money import Rounding
from core.months import Period
from tests import build
from tests.billing.periods.closing import utc
from tests.billing.usage.metering import Right, right_of

_MONTH = Period(utc("2026-10-31T16:00:00"), utc("2026-11-30T16:00:00"), "Asia/Shanghai", "2026-11")
_FIRST = sums.quarter_number(_MONTH.starts_at)
_QUARTERS = sums.quarter_number(_MONTH.ends_at) - _FIRST
_PAGE = 100_000
_MAKE = """
CREATE TABLE raw AS SELECT 81985529216486895::UBIGINT AS epoch, i AS seq,
    CAST(floor($rights * pow((hash(i) % 1000003) / 1000003.0, 2)) AS INTEGER) AS entitlement,
    CAST($first + hash(i + 1000000007) % $quarters AS INTEGER) AS quarter,
    'op' || (hash(i + 2000000011) % 3) AS operation,
    CASE WHEN hash(i + 3000000019) % 20 < 16 THEN 'hit' WHEN hash(i + 3000000019) % 20 < 19 THEN 'miss'
         ELSE 'upstream_error' END AS outcome,
    hash(i + 4000000007) % 500 = 0 AS credited,
    CAST(200 + hash(i + 5000000029) % 20000 AS INTEGER) AS bytes_out,
    CAST(1 + hash(i + 6000000001) % 8 AS INTEGER) AS records
FROM range($calls) AS made(i)
"""
_REPEAT = "INSERT INTO raw SELECT * FROM raw WHERE hash(seq + 7000000003) % 1000 < $repeats"
_BY_DISTINCT = "SELECT DISTINCT epoch, seq, entitlement, operation, outcome, credited, bytes_out, records FROM raw"
_BY_GROUP = """
SELECT any_value(entitlement) AS entitlement, any_value(operation) AS operation, any_value(outcome) AS outcome,
any_value(credited) AS credited, any_value(bytes_out) AS bytes_out, any_value(records) AS records
FROM raw GROUP BY epoch, seq
"""
_BILL = """
SELECT entitlement, operation, outcome, credited, calls, bytes_out, records,
CASE WHEN outcome = 'hit' AND NOT credited THEN calls * price ELSE 0 END AS amount
FROM (SELECT entitlement, operation, outcome, credited, count(*) AS calls, sum(bytes_out) AS bytes_out,
      sum(records) AS records FROM ({once}) GROUP BY ALL)
JOIN price USING (entitlement) ORDER BY ALL
"""
_Rows = list[tuple[int, str, str, bool, int, int, int, int]]
"""Entitlement, operation, outcome, credited; calls, bytes, records; what they cost in 10⁻⁷ of the minor unit."""


@dataclass(slots=True)
class _Call:
    """As the roll-ups read a record."""

    entitlement_id: str
    quarter: int
    operation: str
    outcome: str
    credited: bool
    bytes_out: int
    records: int
    plan_hash: str
    mode: str = "live"
    bytes_in: int = 120
    latency_us: int = 1_500


def compare(house: House, calls: int, rights: int, repeats: float) -> list[str]:
    """Every line of this chapter; answers what is wrong."""
    with duckdb.connect() as peer:
        values = {"rights": rights, "first": _FIRST, "quarters": _QUARTERS, "calls": calls}
        peer.execute(_MAKE, values)
        peer.execute(_REPEAT, {"repeats": int(repeats * 1000)})
        (raw,) = peer.execute("SELECT count(*) FROM raw").fetchone() or (0,)
        sold = _sold(house, rights)
        peer.execute("CREATE TABLE price (entitlement INTEGER PRIMARY KEY, price BIGINT)")
        peer.executemany("INSERT INTO price VALUES (?, ?)", list(enumerate(_price(each) for each in sold)))
        cells = _roll_up(house, peer, sold, calls)
        say(f"billing  {raw:,} raw records of {calls:,} calls, {cells:,} roll-ups of {rights} rights")
        theirs, expected = _best(peer, raw)
    with measured(raw) as ours:
        found, lines = house.db.read(lambda uow: _billed(uow, sold))
    show("billing", "roll-ups to rated lines, SQLite", "raw records", ours, theirs)
    say(f"billing  {len(found)} sums, {lines} lines of invoices")
    return [] if found == expected else [f"billing: {len(set(found) ^ set(expected))} sums differ from the peer's"]


def _sold(house: House, rights: int) -> list[Right]:
    buyer, supplier = (str(build.organisation(house).organisation_id) for _ in range(2))
    documents = [
        {"version": 1, "kind": "per_hit", "currency": "CNY", "price": f"0.{28 + number:06d}"}
        for number in range(rights)
    ]  # fmt: skip
    made = [right_of(buyer, supplier, document) for document in documents]
    for right in made:
        house.db.write(lambda uow, right=right: usage.open_meter(uow, right))  # type: ignore[misc]
    return made


def _price(right: Right) -> int:
    return plans.parse(right.plan).price or 0


def _roll_up(house: House, peer: duckdb.DuckDBPyConnection, sold: list[Right], calls: int) -> int:
    """The sums that loading would have kept, by its own code; each call once."""
    made = sums.summed(cast(Iterator[UsageRow], _calls(peer, sold, calls)))
    for start in range(0, len(made), _PAGE):
        house.db.write(lambda uow, start=start: sums.add(uow, made[start : start + _PAGE]))  # type: ignore[misc]
    return len(made)


def _calls(peer: duckdb.DuckDBPyConnection, sold: list[Right], calls: int) -> Iterator[_Call]:
    seen = bytearray(calls)
    peer.execute("SELECT seq, entitlement, quarter, operation, outcome, credited, bytes_out, records FROM raw")
    while rows := peer.fetchmany(_PAGE):
        for seq, entitlement, quarter, operation, outcome, credited, bytes_out, records in rows:
            if not seen[seq]:
                seen[seq] = 1
                right = sold[entitlement]
                yield _Call(right.id, quarter, operation, outcome, credited, bytes_out, records, right.plan_hash)


def _best(peer: duckdb.DuckDBPyConnection, raw: int) -> tuple[Took, _Rows]:
    """The faster of two ways to take each record once; on every core there is."""
    done: list[tuple[Took, _Rows]] = []
    for way, once in (("DISTINCT", _BY_DISTINCT), ("GROUP BY", _BY_GROUP)):
        with measured(raw) as took:
            rows = peer.execute(_BILL.format(once=once)).fetchall()
        show("billing", f"DuckDB, each record once by {way}", "raw records", took)
        done.append((took, rows))
    return min(done, key=lambda each: each[0].seconds)


def _billed(uow: Uow, sold: list[Right]) -> tuple[_Rows, int]:
    """What a close does before it writes: counts of every meter, charges, rounded lines, the snapshot's hash."""
    rows, lines = list[tuple[int, str, str, bool, int, int, int, int]](), 0
    for number, right in enumerate(sold):
        plan = plan_of(uow, right.plan_hash)
        assert plan is not None
        counts = counts_of(uow, Meter(uow, uow.session.get_one(UsageHold, right.id)), _MONTH)
        made = rules.charges(counts, {right.plan_hash: plan}, {})
        rules.sha256(rules.canonical(counts))
        lines += len(rules.lines(made, right.listing_id, right.currency, 600, Rounding.HALF_UP))
        cost = {each.operation: each.rated.amount for each in made.lines}
        for each in counts:
            paid = each.key.outcome == "hit" and not each.key.credited
            rows.append(
                (number, each.key.operation, each.key.outcome, each.key.credited, each.calls, each.bytes_out,
                 each.records, cost[each.key.operation] if paid else 0)
            )  # fmt: skip
    return sorted(rows), lines
