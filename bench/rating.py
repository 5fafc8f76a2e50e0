"""Rating and loading of generated usage: a million calls at ¥0.0028 cost ¥2,800.00 exactly, and how fast it goes.

    python -m bench.rating [--calls 1000000] [--records 100000] [--unit 120] [--buyers 5]

Rating: the calls as roll-ups of a month's quarters of an hour, rated whole, and in parts that must give the
same. Loading: records as gateways write them, into SQLite in units of ``--unit`` records, with their batches,
audit entries, sums and holds; then every sum is made again from the records. Answers 1 when a figure is wrong.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from random import Random

from bench.cast import open_house
from billing import rating
from billing.rating import UsageCount
from billing.usage import checking, service
from billing.usage.types import UsageRecord
from core import plans
from core.house import House
from core.money import format_amount, format_price, round_units, rounding_of
from tests.billing.books import Books
from tests.billing.usage.metering import Right, meter, record_of

PLAN = {"version": 1, "kind": "per_hit", "currency": "CNY", "price": "0.0028"}
_OUTCOMES = ("hit", "hit", "hit", "hit", "miss")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--unit", type=int, default=120)
    parser.add_argument("--buyers", type=int, default=5)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    sound = _rate(given.calls, Random(given.seed))
    with tempfile.TemporaryDirectory(prefix="piaohao-rating-") as folder:
        sound &= _load(open_house(Path(folder)), given)
    return 0 if sound else 1


def _rate(calls: int, chance: Random) -> bool:
    plan = plans.parse(PLAN)
    parts = _parts(calls, chance)
    started = time.process_time()
    whole = rating.total(rating.rate(plan, parts))
    lines = [line for part in parts for line in rating.rate(plan, [part])]
    seconds = time.process_time() - started
    net = round_units(whole, rounding_of("cn"))
    _say(f"rating    {calls:,} calls at ¥0.0028: ¥{format_price(whole, 'CNY')} unrounded, ¥{format_amount(net, 'CNY')}")
    _say(f"rating    {len(parts):,} roll-ups into {len(lines):,} lines: {len(lines) / seconds:,.0f} lines/s of CPU")
    return whole == calls * 2_800_000 == rating.total(lines) and (calls != 1_000_000 or net == 280_000)


def _parts(calls: int, chance: Random) -> list[UsageCount]:
    """So many calls, cut at random places."""
    cuts = sorted({0, calls, *(chance.randrange(calls) for _ in range(min(calls, 200_000)))})
    return [UsageCount("hit", calls=end - start) for start, end in pairwise(cuts)]


def _load(house: House, given: argparse.Namespace) -> bool:
    books = Books.open(house)
    rights = _rights(books, given)
    units, took = list(_units(rights, given)), list[float]()
    started, processor = time.perf_counter(), time.process_time()
    for batch in units:
        at = time.perf_counter()
        house.db.write(lambda uow, batch=batch: service.load(uow, batch))  # type: ignore[misc]
        took.append(time.perf_counter() - at)
    seconds, processor = time.perf_counter() - started, time.process_time() - processor
    loaded = sum(len(batch) for batch in units)
    _say(f"loading   {loaded:,} records of {given.buyers} entitlements: {loaded / seconds:,.0f} records/s, "
         f"{loaded / processor:,.0f} by the time of a processor")  # fmt: skip
    cuts = statistics.quantiles(took, n=100)
    _say(f"loading   units of {given.unit}: {cuts[49] * 1000:.1f} ms in the middle, p95 {cuts[94] * 1000:.1f}, "
         f"p99 {cuts[98] * 1000:.1f} ms")  # fmt: skip
    started = time.perf_counter()
    faults = house.db.read(checking.check)
    _say(f"check     every sum made again in {time.perf_counter() - started:.1f} s: {len(faults)} faults")
    return not faults


def _rights(books: Books, given: argparse.Namespace) -> list[Right]:
    """Entitlements of funded buyers, all calls of which were given out before."""
    meters = [meter(books, PLAN, balance=100_000_000) for _ in range(given.buyers)]
    for each in meters:
        each.fund(given.records)
    return [each.right for each in meters]


def _units(rights: list[Right], given: argparse.Namespace) -> list[list[UsageRecord]]:
    chance = Random(given.seed)
    records = [
        record_of(chance.choice(rights), seq, outcome=chance.choice(_OUTCOMES), salt=chance.randbytes(16))
        for seq in range(given.records)
    ]
    return [records[start : start + given.unit] for start in range(0, len(records), given.unit)]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
