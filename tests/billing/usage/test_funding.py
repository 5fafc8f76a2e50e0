"""Money is held for calls before they are made, exactly, and never more is given out than there is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil
from random import Random
from typing import Any

import pytest

from billing.ledger import queries as ledger
from billing.ledger.errors import BalanceTooLow
from billing.ledger.types import BalanceSnapshot
from billing.usage import queries, service
from billing.usage.models import UsageHold
from billing.usage.standing import quota_label
from core import plans
from core.months import Months, ZoneChange
from tests import build
from tests.billing.books import Books
from tests.billing.rating import oracle
from tests.billing.usage.metering import NO_LIMITS, PER_HIT, Meter, meter, right_of

FREE_QUOTA = PER_HIT | {"free_quota": 10, "period": "month"}
PACKAGE = {
    "version": 1, "kind": "package", "currency": "CNY", "amount": "50.00", "unit": "hit", "quantity": 40,
}  # fmt: skip
STEPS = [{"up_to": 10, "price": "0.30"}, {"up_to": 25, "price": "0.07"}, {"up_to": None, "price": "0.0111111"}]
GRADUATED = {"version": 1, "kind": "graduated", "currency": "CNY", "unit": "call", "steps": STEPS}
VOLUME = GRADUATED | {"kind": "volume"}
SUBSCRIPTION = {
    "version": 1, "kind": "subscription", "currency": "CNY", "amount": "3.00", "period": "month", "unit": "hit",
    "included": 20, "overage": "0.02",
}  # fmt: skip
MINIMUM = {"version": 1, "kind": "minimum", "currency": "CNY", "amount": "1.00", "period": "month", "usage": PER_HIT}


def balance(one: Meter) -> BalanceSnapshot:
    return one.house.db.read(lambda uow: ledger.balance(uow, one.right.organisation_id))


def held(one: Meter) -> int:
    return balance(one).held


def test_what_calls_can_cost_is_held_with_tax_and_released_exactly(books: Books) -> None:
    one = meter(books)
    assert one.fund(100) == 100
    assert held(one) == 424  # 100 × ¥0.04 and 6 %
    one.load(one.records(30) + one.records(20, "miss"))
    assert held(one) == 424, "70 are out, 30 were used"
    assert one.unfund(70) == 70
    assert held(one) == 127
    assert one.unfund(1) == 0
    assert books.faults() == []


@pytest.mark.parametrize(("money", "given"), [(0, 0), (3, 0), (4, 1), (424, 100), (425, 100), (100_000, 1_000)])
def test_no_more_is_given_out_than_the_balance_covers(books: Books, money: int, given: int) -> None:
    one = meter(books, balance=money)
    assert one.fund(1_000) == given
    assert one.fund(1_000) == (0 if money < 100_000 else 1_000)
    assert held(one) <= money
    assert books.faults() == []


def test_what_is_held_cannot_be_spent(books: Books) -> None:
    one = meter(books, balance=1_000)
    one.fund(200)
    assert held(one) == 848
    with pytest.raises(BalanceTooLow):
        books.charge(one.right.organisation_id, one.right.supplier_id, 200)
    books.charge(one.right.organisation_id, one.right.supplier_id, 143)
    assert (balance(one).balance, balance(one).held) == (848, 848)
    assert one.fund(1) == 0


def test_free_calls_are_given_out_without_money_and_the_rest_not(books: Books) -> None:
    one = meter(books, FREE_QUOTA, balance=0)
    assert one.fund(6) == 6
    assert one.fund(6) == 4
    assert one.fund(1) == 0
    one.load(one.records(10))
    assert one.fund(1) == 0
    books.fund(one.right.organisation_id, 100)
    assert one.fund(1) == 1
    assert held(one) == 4


def test_a_package_gives_out_its_units_and_no_more(books: Books) -> None:
    one = meter(books, PACKAGE, balance=100_000)
    assert one.fund(30) == 30
    assert one.fund(30) == 10
    one.load(one.records(12) + one.records(5, "miss"))
    assert one.fund(5) == 0
    assert one.unfund(20) == 20
    assert one.fund(30) == 20
    one.unfund(28)
    one.load(one.records(28))
    assert one.fund(1) == 0
    assert held(one) == 0


RECORDS = PER_HIT | {"kind": "per_record"}


@pytest.mark.parametrize(
    "plan",
    [
        RECORDS, PER_HIT | {"kind": "per_byte", "per": 1_000_000}, GRADUATED | {"unit": "record"},
        PACKAGE | {"unit": "byte"}, MINIMUM | {"usage": RECORDS}, SUBSCRIPTION | {"unit": "record"},
        RECORDS | {"free_quota": 1_000, "period": "month"},
    ],
)  # fmt: skip
def test_no_call_is_given_out_whose_cost_only_its_answer_tells(books: Books, plan: dict[str, Any]) -> None:
    """One answer of a million records would cost more than any share that was held for it."""
    one = meter(books, plan, balance=100_000)
    assert one.fund(1) == 0
    assert (balance(one).balance, held(one), _leased(one)) == (100_000, 0, 0)
    assert not plans.parse(plan).sellable_now("interface")


def test_what_costs_nothing_is_never_short(books: Books) -> None:
    one = meter(books, {"version": 1, "kind": "free"}, balance=0)
    assert one.fund(10**9) == 10**9
    one.load(one.records(3))
    assert held(one) == 0
    assert books.faults() == []


def test_more_usage_than_money_is_taken_all_the_same_and_nothing_more_given_out(books: Books) -> None:
    """A lease that was returned too soon: what was recorded is recorded, the balance is not overdrawn."""
    one = meter(books, balance=10)
    one.fund(1)
    one.load(one.records(20))
    assert (balance(one).balance, held(one)) == (10, 10)
    assert one.fund(1) == 0
    books.fund(one.right.organisation_id, 75)
    assert one.fund(1) == 0, "20 calls cost ¥0.85 and there is ¥0.85"
    books.fund(one.right.organisation_id, 4)
    assert one.fund(1) == 1
    assert held(one) == 89
    assert books.faults() == []


def test_nobody_else_can_overdraw_meanwhile(books: Books) -> None:
    """Leases, orders and more leases at once: given out and spent are together what there was."""
    one = meter(books, balance=10_000)
    other = Meter(one.house, right_of(one.right.organisation_id, one.right.supplier_id, PER_HIT))
    given: list[int] = []
    spent: list[int] = []

    def lease(of: Meter) -> Callable[[], None]:
        return lambda: given.extend(of.fund(7) for _ in range(25))

    def spend() -> None:
        for _ in range(8):
            try:
                spent.append(books.charge(one.right.organisation_id, one.right.supplier_id, 500).gross)
            except BalanceTooLow:
                return

    threads = [threading.Thread(target=each) for each in (lease(one), lease(other), spend, lease(one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = balance(one)
    assert left.balance == 10_000 - sum(spent)
    assert left.available >= 0
    assert left.held == sum(_held_by(each) for each in (one, other))
    assert sum(given) == sum(_leased(each) for each in (one, other)) <= 75 * 7
    assert books.faults() == []


def _held_by(one: Meter) -> int:
    return one.house.db.read(lambda uow: uow.session.get_one(UsageHold, one.right.id).held)


def _leased(one: Meter) -> int:
    return one.house.db.read(lambda uow: uow.session.get_one(UsageHold, one.right.id).leased)


class Walk:
    """Leases, calls, credits and top-ups at random; after each step the oracle says what must be held."""

    def __init__(self, books: Books, plans: list[dict[str, Any]], seed: int) -> None:
        self.books, self.dice = books, Random(seed)
        first = meter(books, plans[0], balance=300)
        rights = [right_of(first.right.organisation_id, first.right.supplier_id, plan) for plan in plans]
        self.meters = [Meter(books.house, right, first.sequence) for right in rights]
        self.used = [0] * len(plans)
        self.leased = [0] * len(plans)
        self.held = [0] * len(plans)
        self.money = 300
        self.loaded: list[list[str]] = [[] for _ in plans]

    def needed(self, place: int, leased: int) -> int:
        """The most that any number of the calls can cost, rounded up, and tax."""
        plan, used = self.meters[place].right.plan, self.used[place]
        first = used if plan["kind"] == "volume" else used + leased
        most = max(oracle.cost(plan, units) for units in range(first, used + leased + 1))
        net = ceil(most)
        return net + int(Fraction(net * 6, 100) + Fraction(1, 2))

    def step(self) -> None:
        place = self.dice.randrange(len(self.meters))
        self.dice.choice([self.lease, self.lease, self.give_back, self.call, self.call, self.credit, self.top_up])(
            place
        )
        available = balance(self.meters[0])
        assert (available.balance, available.held) == (self.money, sum(self.held))

    def lease(self, place: int) -> None:
        asked = self.dice.choice([1, 3, 17])
        given = self.meters[place].fund(asked)
        free = self.money - sum(self.held) + self.held[place]
        limit = self.meters[place].right.plan.get("quantity")
        room = asked if limit is None else min(asked, limit - self.used[place] - self.leased[place])
        fits = [n for n in range(room + 1) if not n or self.needed(place, self.leased[place] + n) <= free]
        assert given == max(fits)
        self.leased[place] += given
        self.settle(place)

    def give_back(self, place: int) -> None:
        back = self.meters[place].unfund(self.dice.randrange(6))
        self.leased[place] -= back
        self.settle(place)

    def call(self, place: int) -> None:
        """Calls that were leased, as a gateway makes them."""
        hits = self.dice.randint(0, self.leased[place])
        records = self.meters[place].records(hits) + self.meters[place].records(
            self.dice.randrange(3), "upstream_error"
        )
        self.meters[place].load(records)
        self.loaded[place] += [record.call_id for record in records if record.outcome == "hit"]
        self.leased[place] -= hits
        self.used[place] += hits
        self.settle(place)

    def credit(self, place: int) -> None:
        chosen = self.dice.sample(self.loaded[place], min(2, len(self.loaded[place])))
        self.books.house.db.write(lambda uow: service.credit(uow, chosen, reason="void"))
        self.loaded[place] = [each for each in self.loaded[place] if each not in chosen]
        self.used[place] -= len(chosen)
        self.settle(place)

    def top_up(self, _place: int) -> None:
        self.books.fund(self.meters[0].right.organisation_id, 60)
        self.money += 60

    def settle(self, place: int) -> None:
        self.held[place] = self.needed(place, self.leased[place])


SETS = [
    [PER_HIT, FREE_QUOTA],
    [GRADUATED, PACKAGE],
    [VOLUME, PER_HIT | {"price": "0.0028"}],
    [PER_HIT | {"price": "0.50", "per": 7}, GRADUATED],
]


@pytest.mark.parametrize("plans", SETS)
def test_a_walk_holds_what_the_oracle_says(books: Books, plans: list[dict[str, Any]]) -> None:
    walk = Walk(books, plans, seed=3)
    for _ in range(60):
        walk.step()
    assert books.faults() == []
    for place, one in enumerate(walk.meters):
        one.unfund(walk.leased[place])
        walk.leased[place] = 0
        walk.settle(place)
    assert held(walk.meters[0]) == sum(walk.held)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("plans", SETS)
def test_long_walks(books: Books, plans: list[dict[str, Any]], seed: int) -> None:
    walk = Walk(books, plans, seed)
    for _ in range(600):
        walk.step()
    assert books.faults() == []


@pytest.mark.parametrize(("plan", "first", "third"), [(SUBSCRIPTION, 0, 0), (MINIMUM, 106, 106)])
def test_a_minimum_is_held_as_soon_as_a_call_is_given_out(books: Books, plan: Any, first: int, third: int) -> None:
    one = meter(books, plan, balance=10_000)
    assert one.fund(1) == 1
    assert held(one) == first
    assert one.fund(2) == 2
    assert held(one) == third
    one.unfund(3)
    assert held(one) == 0


LIMITED = {"quota": 10, "quota_period": "day", "trial_calls": 3}


def test_a_quota_is_taken_from_until_it_is_empty(books: Books) -> None:
    one = meter(books, limits=LIMITED)
    window = one.house.db.read(lambda uow: service.quota_window(uow, one.right))

    def take(calls: int, window: str = window) -> int:
        return one.house.db.write(lambda uow: service.take_quota(uow, one.right, window, calls))

    def give_back(calls: int) -> int:
        return one.house.db.write(lambda uow: service.return_quota(uow, one.right.id, window, calls))

    assert [take(7), take(7), take(1)] == [7, 3, 0]
    assert [give_back(4), take(9)] == [4, 4]
    assert [take(0), take(-5), give_back(-5)] == [0, 0, 0]
    assert take(5, "2027-01-01") == 5
    assert [give_back(99), give_back(1)] == [10, 0]
    trial = [one.house.db.write(lambda uow: service.take_trial(uow, one.right, 2)) for _ in range(3)]
    assert trial == [2, 1, 0]
    assert one.house.db.write(lambda uow: service.return_trial(uow, one.right.id, 2)) == 2
    endless = replace(one.right, limits=NO_LIMITS)
    assert one.house.db.write(lambda uow: service.take_quota(uow, endless, window, 10**6)) == 10**6


def test_a_quota_is_exact_when_many_take_at_once(books: Books) -> None:
    one = meter(books, limits=LIMITED | {"quota": 100})
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            taken.append(one.house.db.write(lambda uow: service.take_quota(uow, one.right, "2026-11", 3)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 100


@pytest.mark.parametrize(
    ("zone", "moment", "day", "month"),
    [
        ("Asia/Shanghai", "2026-11-30T15:59:59+00:00", "2026-11-30", "2026-11"),
        ("Asia/Shanghai", "2026-11-30T16:00:00+00:00", "2026-12-01", "2026-12"),
        ("America/New_York", "2026-11-01T05:30:00+00:00", "2026-11-01", "2026-11"),
        ("America/New_York", "2026-11-01T03:59:59+00:00", "2026-10-31", "2026-10"),
        ("Asia/Kolkata", "2026-11-30T18:30:00+00:00", "2026-12-01", "2026-12"),
    ],
)
def test_a_quotas_window_is_the_buyers_day_or_month(zone: str, moment: str, day: str, month: str) -> None:
    months = Months([ZoneChange(datetime.fromtimestamp(0, UTC), zone)])
    at = datetime.fromisoformat(moment)
    assert (quota_label(months, "day", at), quota_label(months, "month", at)) == (day, month)


def test_where_an_entitlement_stands(books: Books) -> None:
    buyer, supplier = build.organisation(books.house), build.organisation(books.house)
    books.fund(str(buyer.organisation_id), 1_000)
    right = right_of(str(buyer.organisation_id), str(supplier.organisation_id), FREE_QUOTA, limits=LIMITED)
    one = Meter(books.house, right)
    one.fund(20)
    one.load(one.records(12))
    window = one.house.db.read(lambda uow: service.quota_window(uow, right))
    one.house.db.write(lambda uow: service.take_quota(uow, right, window, 4))
    standing = one.house.db.read(lambda uow: queries.standing(uow, buyer.actor, right.id))
    assert (standing.quota.window, standing.quota.left, standing.trial.left) == (window, 6, 3)
    assert (standing.given_out, standing.free_left, standing.units_left) == (8, 0, None)
    assert (standing.held, standing.balance, standing.available) == (42, 1_000, 958)
    assert standing.now is not None
    assert (standing.now.quantity, standing.now.rated, standing.now.rounded) == (12, 80_000_000, 8)
    theirs = one.house.db.read(lambda uow: queries.standing(uow, supplier.actor, right.id))
    assert (theirs.held, theirs.balance, theirs.available) == (None, None, None)
    assert theirs.now == standing.now
