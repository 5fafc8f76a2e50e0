"""Rating, tax, parts of periods and coupons against an oracle in exact rationals that shares no code with them.

    python -m bench.oracle_rating [--cases 1000000] [--seed 11]

Currencies of 0, 2 and 3 decimals; windows of zones with clocks that change, and of leap years. Answers 1 at any
difference, and shows the first of each kind.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from billing import rating
from billing.coupons.rules import discount_on
from billing.coupons.types import CouponSnapshot
from billing.invoices.rules import discounted, line_of, usage_lines
from billing.invoices.types import Usage
from core import plans
from core.money import Rounding, add_tax
from core.months import Months, ZoneChange
from tests.billing.rating import oracle

DECIMALS = {"CNY": 2, "JPY": 0, "KWD": 3}
ZONES = (
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
    "America/Sao_Paulo", "Pacific/Apia", "UTC",
)  # fmt: skip
PERIODS = {"month": 1, "quarter": 3, "year": 12}
UNITS = 10_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    began = time.perf_counter()
    made, wrong = run(given.cases, given.seed)
    for kind, number in sorted(made.items()):
        sys.stdout.write(f"{kind:9} {number:9,} cases\n")
    for text in wrong[:20]:
        sys.stdout.write(f"DIFFERS   {text}\n")
    sys.stdout.write(f"{sum(made.values()):,} cases in {time.perf_counter() - began:.0f} s: {len(wrong)} differences\n")
    return 1 if wrong else 0


def run(cases: int, seed: int) -> tuple[Counter[str], list[str]]:
    """So many cases, told apart by what they are of; and those that differ."""
    chance, made, wrong = Random(seed), Counter[str](), list[str]()
    kinds: list[Callable[[Random], str]] = [rated, rated, taxed, parted, parted, returned, taken_off, lined]
    for number in range(cases):
        kind = kinds[number % len(kinds)]
        made[kind.__name__] += 1
        if said := kind(chance):
            wrong.append(f"{kind.__name__} {said}")
    return made, wrong


def rounded(value: Fraction, rounding: Rounding) -> int:
    """To an integer: a tie away from zero, or to the even neighbour."""
    size = abs(value)
    whole, rest = size.numerator // size.denominator, size - size.numerator // size.denominator
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (rounding is Rounding.HALF_UP or whole % 2 == 1))
    return (whole + up) * (1 if value >= 0 else -1)


def rated(chance: Random) -> str:
    document = a_plan(chance)
    plan, units = plans.parse(document), chance.choice([0, 1, chance.randrange(3_000), chance.randrange(10**9)])
    exact = oracle.cost(document, units) * UNITS
    found = rating.total(rating.rate_quantity(plan, units))
    fee = rating.total(rating.fee(plan))
    wanted = oracle.minor(document["amount"], document["currency"]) if document["kind"] == "subscription" else 0
    good = found == exact.numerator // exact.denominator and fee == wanted * UNITS
    return "" if good else f"{document} {units}: {found}, not {exact}"


def taxed(chance: Random) -> str:
    net, rate, rounding = chance.randrange(10 ** chance.randrange(1, 15)), chance.randrange(3_000), rule(chance)
    found = add_tax(net, rate, rounding)
    tax = rounded(Fraction(net * rate, 10_000), rounding)
    return "" if (found.net, found.tax, found.gross) == (net, tax, net + tax) else f"{net} at {rate}: {found}"


def parted(chance: Random) -> str:
    """A part of a calendar period: its length, its fee, its units."""
    zone, period, rounding = chance.choice(ZONES), chance.choice(sorted(PERIODS)), rule(chance)
    plan = plans.parse({"version": 1, "kind": "subscription", "currency": "CNY", "amount": "1.00", "period": period})
    moment = datetime(2011, 12, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(20 * 366 * 86_400 * 10**6))
    window = rating.window_of(plan, Months([ZoneChange(datetime(2000, 1, 1, tzinfo=UTC), zone)]), moment)
    first, end = bounds(zone, period, moment)
    if (window.starts_at, window.ends_at) != (first, end) or not first <= moment < end:
        return f"{zone} {period} {moment}: {window}, not {first} to {end}"
    until = moment + (end - moment) * chance.randrange(1, 1001) // 1000
    amount, units = chance.randrange(10**10), chance.randrange(1, 10**7)
    share = Fraction((until - moment) // timedelta(microseconds=1), (end - first) // timedelta(microseconds=1))
    part = rating.part_of(window, moment, until)
    up = units * share
    wanted = rounded(amount * share, rounding), -(-up.numerator // up.denominator)
    found = rating.fee_of(amount, part, rounding), rating.units_of(units, part)
    return "" if found == wanted else f"{zone} {period} {moment} to {until}: {found}, not {wanted}"


def bounds(zone: str, period: str, moment: datetime) -> tuple[datetime, datetime]:
    """The calendar's period: every midnight of a first of the month is looked for by itself."""
    months = PERIODS[period]
    local = moment.astimezone(ZoneInfo(zone))
    year, month = local.year, (local.month - 1) // months * months + 1
    later_year, later = divmod(month - 1 + months, 12)
    first, end = midnight(zone, year, month), midnight(zone, year + later_year, later + 1)
    return first, end


def midnight(zone: str, year: int, month: int) -> datetime:
    """The first moment whose date in the zone is the first of the month or later, by halving a day and a half."""
    low = datetime(year, month, 1, tzinfo=UTC) - timedelta(hours=18)
    high = low + timedelta(hours=36)
    place, wanted = ZoneInfo(zone), (year, month, 1)
    while high - low > timedelta(minutes=15):
        middle = low + (high - low) // timedelta(minutes=15) // 2 * timedelta(minutes=15)
        here = middle.astimezone(place)
        low, high = (low, middle) if (here.year, here.month, here.day) >= wanted else (middle, high)
    return high


def returned(chance: Random) -> str:
    """What returns of a fee: the part of its time that is left, and no more than of its units."""
    whole = chance.choice([1, 3_600, 28 * 86_400, 366 * 86_400]) * 10**6
    left, units = chance.randrange(whole + 1), chance.choice([0, chance.randrange(1, 10**6)])
    used, paid, rounding = chance.randrange(2 * units + 1), chance.randrange(10**9), rule(chance)
    share = Fraction(left, whole)
    if units:
        share = min(share, Fraction(max(0, units - used), units))
    found = rating.unused(paid, rating.Part(left, whole), max(0, units - used), units, rounding)
    return "" if found == rounded(paid * share, rounding) else f"{paid} {left}/{whole} {used}/{units}: {found}"


def taken_off(chance: Random) -> str:
    """A coupon: never below nothing, the platform's never more than its commission; two lines taxed as what is left."""
    net, rate, rounding = chance.randrange(1, 10**9), chance.randrange(2_500), rule(chance)
    percent = chance.choice([None, chance.randrange(1, 10_001)])
    off, commission = chance.randrange(1, 10**9), chance.randrange(10_001)
    supplier = chance.choice([None, "org_a"])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    coupon = CouponSnapshot(
        "cpn_a", "A-CODE", supplier, None, percent, off if percent is None else None, "CNY", 0, 1, None, 0, now,
        None, now,
    )  # fmt: skip
    wanted = off if percent is None else net * percent // 10_000
    found = discount_on(coupon, net, commission)
    amount = min(wanted, net if supplier else nearest(Fraction(net * commission, 10_000)))
    if found.carried != (0 if supplier else amount):
        return f"{coupon} on {net}: {found}"
    lines = discounted(line_of("lst_a", "x", net, "CNY", rate, rounding), found, rounding)
    left, tax = sum(line.net for line in lines), sum(line.tax for line in lines)
    good = found.amount == amount and left == net - amount >= 0
    good = good and tax == rounded(Fraction((net - amount) * rate, 10_000), rounding) >= 0
    return "" if good and all(line.gross == line.net + line.tax for line in lines) else f"{coupon} on {net}: {lines}"


def nearest(share: Fraction) -> int:
    """The commission: the larger remainder gets the last unit, and on a tie the commission does."""
    return rounded(share, Rounding.HALF_UP)


def lined(chance: Random) -> str:
    """An invoice's lines of one window sum to its exact cost, rounded, and their taxes to the tax on that."""
    rounding, rate = rule(chance), chance.randrange(3_000)
    amounts = [chance.randrange(10 ** chance.randrange(1, 17)) for _ in range(chance.randrange(1, 6))]
    parts = [(Usage("2026-11", "a", "0" * 64, "usage", "hit", 1, 1, amount), 1) for amount in amounts]
    lines = usage_lines("lst_a", parts, "CNY", rate, rounding)
    net = rounded(Fraction(sum(amounts), UNITS), rounding)
    tax = rounded(Fraction(net * rate, 10_000), rounding)
    near = all(abs(line.net - Fraction(amount, UNITS)) < 1 for line, amount in zip(lines, amounts, strict=True))
    good = near and (sum(line.net for line in lines), sum(line.tax for line in lines)) == (net, tax)
    return "" if good and all(line.tax >= 0 for line in lines) else f"{amounts} at {rate}: {lines}"


def rule(chance: Random) -> Rounding:
    return chance.choice((Rounding.HALF_UP, Rounding.HALF_EVEN))


def a_plan(chance: Random) -> dict[str, Any]:
    currency = chance.choice(sorted(DECIMALS))
    kind = chance.choice(["per_call", "per_hit", "graduated", "volume", "subscription", "minimum"])
    plan: dict[str, Any] = {"version": 1, "kind": kind, "currency": currency}
    amount = written(chance.randrange(1, 10**8), DECIMALS[currency])
    if kind == "subscription":
        plan |= {"amount": amount, "period": chance.choice(sorted(PERIODS))}
        if chance.random() < 0.7:
            plan |= {"unit": "hit", "included": chance.randrange(1, 2_000), "overage": price(chance, currency)}
        return plan
    if kind == "minimum":
        usage = {"version": 1, "kind": "per_hit", "currency": currency, "price": price(chance, currency)}
        return plan | {"amount": amount, "period": "month", "usage": usage}
    if chance.random() < 0.4:
        plan |= {"free_quota": chance.randrange(1, 2_000), "period": "month"}
    if kind in ("graduated", "volume"):
        edges = sorted({chance.randrange(1, 3_000) for _ in range(chance.randrange(4))})
        steps = [{"up_to": edge, "price": price(chance, currency)} for edge in (*edges, None)]
        return plan | {"unit": chance.choice(["call", "hit"]), "steps": steps}
    if chance.random() < 0.5:
        plan["per"] = chance.randrange(1, 5_000)
    return plan | {"price": price(chance, currency)}


def price(chance: Random, currency: str) -> str:
    return written(chance.randrange(1, 5 * 10**10), DECIMALS[currency] + 7)


def written(value: int, places: int) -> str:
    digits = str(value).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


if __name__ == "__main__":
    sys.exit(main())
